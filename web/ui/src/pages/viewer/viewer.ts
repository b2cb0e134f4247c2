/** The viewer's page: before, live, after, at one address. */
import { html, nothing, type TemplateResult } from 'lit';
import { copyText } from '../../components/copy.js';
import { define } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { EventPage } from '../../components/page.js';
import { skeletonCards } from '../../components/parts.js';
import type { Player, PlayerTime } from '../../components/player.js';
import '../../components/player.js';
import { tabs } from '../../components/tabs.js';
import { Ticker } from '../../components/tick.js';
import { toast } from '../../components/toast.js';
import { eventUrl } from '../../live/event.js';
import type { EventInfo, EventState, OnAir, Phase, Question, Queue, Scene, SiteState } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';
import { Asks } from './asks.js';
import { before, gear, map } from './before.js';
import { Drafts } from './draft.js';
import { Equipment } from './equipment.js';
import { facts, pictureText, rooms, titleNow } from './facts.js';
import { current } from './hand.js';
import './hand.js';
import type { Part } from './part.js';
import './part.js';
import './questions.js';
import { about, runSheet } from './run-sheet.js';
import { InStep } from './step.js';
import './voice.js';
import { Votes } from './votes.js';

type Tab = 'q' | 'r' | 'i';

class Viewer extends EventPage {
  private readonly programme = this.live.view(this, 'programme');
  private readonly questions = this.live.view<Question>(this, 'public');
  private readonly step = new InStep();
  private readonly equipment = new Equipment(this, this.live);
  private readonly votes = new Votes(this.live, (error, q) =>
    toast(viewer().voteRefused(q.number, common().refusal[error.code] ?? error.detail)),
  );
  private readonly drafts = new Drafts(this.eventId);
  private readonly asks = new Asks(this.live, {
    taken: ({ number }) => toast(viewer().sent(number)),
    refused: (error, fields) => this.takingPart?.giveBack(error, fields),
  });
  private tab: Tab | undefined;
  private date: number | undefined;
  private session: string | undefined;
  private asked = false;

  constructor() {
    super(undefined, ['public', 'mine', 'programme']);
    new Ticker(this, 1000);
    if (new URLSearchParams(location.search).has('embed')) document.documentElement.dataset['embed'] = '';
    if (location.hash === '#programme') this.tab = 'r';
  }

  /** `#poser` opens the ask box, once there is one. */
  protected override updated(): void {
    if (!this.asked && location.hash === '#poser' && this.takingPart) {
      this.asked = true;
      this.openAsk();
    }
  }

  protected override content(event: EventInfo): TemplateResult {
    this.date = this.querySelector<Player>('pl-player')?.playingDate ?? this.date;
    this.step.hear(this.programme);
    const phase = this.programme.get<EventState>('event')?.phase;
    const state = this.step.event(this.date) ?? this.programme.get<EventState>('event');
    this.follow(state?.session);
    this.title_(event, phase, state);
    return html`<main class="view" id="contenu">
      ${phase === 'before'
        ? before(event, this.equipment, this.handsUp())
        : phase === 'after'
          ? this.over(event)
          : this.picture(event, phase, state, this.step.scene(this.date))}
      ${this.side(event, phase, state, this.step.air(this.date))}
      <pl-voice .event=${event} .live=${this.live} .air=${this.step.air(this.date)}></pl-voice>
    </main>`;
  }

  protected override skeleton(): TemplateResult {
    return html`<main class="view" id="contenu" aria-busy="true">
      <div class="stagecol"><div class="player" data-theme="dark"><div class="pic player__picture"></div></div></div>
      <aside class="panel side"><div class="tabs"></div><div class="side__body">${skeletonCards(3)}</div></aside>
    </main>`;
  }

  /** The times of the run sheet move when a session begins: read it again, not all viewers at once. */
  private follow(session: string | undefined): void {
    if (this.session !== undefined && session !== this.session) setTimeout(() => void this.load(), 500 + Math.random() * 4000);
    if (session !== undefined) this.session = session;
  }

  private title_(event: EventInfo, phase: Phase | undefined, state: EventState | undefined): void {
    const t = viewer();
    const name = [event.title, event.subtitle].filter(Boolean).join(', ');
    const first = event.sessions[0];
    document.title = current(this.live)?.state === 'called'
      ? t.docCalled(name)
      : phase === 'before' && first
        ? t.docBefore(time(first.starts, event.timezone), name)
        : phase === 'after'
          ? t.docAfter(name)
          : phase === 'live'
            ? t.docLive(titleNow(event, state), name)
            : name;
  }

  private picture(event: EventInfo, phase: Phase | undefined, state: EventState | undefined, scene: Scene | undefined): TemplateResult {
    const sites = new Map(this.programme.under<SiteState>('site'));
    return html`<div class="stagecol" @pl-time=${this.moved}>
      <pl-player
        .src=${phase === 'live' ? eventUrl(event.id, 'live/index.m3u8') : ''}
        .zone=${event.timezone}
        .stretches=${[]}
        .label=${viewer().picture(pictureText(event, scene))}
      ></pl-player>
      ${facts(event, state, scene, this.step.air(this.date), () => void this.share())} ${rooms(event, scene, sites)}
    </div>`;
  }

  private over(event: EventInfo): TemplateResult {
    const t = viewer();
    const queue = this.questions.get<Queue>('queue');
    return html`<div class="main">
      <div class="panel over__panel">
        <div class="slate"><div class="pic">${map(event)}</div></div>
        <div class="over">
          <div>
            <h1>${t.over_}</h1>
            <p class="muted">${t.overText(event.sessions.length, queue?.answered ?? 0)}</p>
          </div>
          <div class="row">
            <a class="btn btn--primary" href=${eventUrl(event.id, 'replay/')}>${icon('play')}${t.watch}</a>
          </div>
        </div>
      </div>
    </div>`;
  }

  private side(event: EventInfo, phase: Phase | undefined, state: EventState | undefined, air: OnAir | undefined): TemplateResult {
    const t = viewer();
    const shown = this.questions.under<Question>('q').filter(([, q]) => ['approved', 'staged', 'on_air'].includes(q.state));
    const questions = { id: 'q' as const, text: t.tabQuestions, count: this.questions.loaded && phase !== 'after' ? shown.length : undefined };
    const sheet = { id: 'r' as const, text: t.tabProgramme };
    const info = { id: 'i' as const, text: t.tabAbout };
    const chosen = this.tab ?? (phase === 'before' ? 'r' : 'q');
    const body: TemplateResult =
      chosen === 'q'
        ? html`<pl-questions
            .event=${event}
            .live=${this.live}
            .votes=${this.votes}
            .asks=${this.asks}
            .air=${air}
            .playingDate=${this.date === undefined ? undefined : Math.floor(this.date / 1000) * 1000}
            .over=${phase === 'after'}
            .ask=${() => this.openAsk()}
            .stamp=${performance.now()}
          ></pl-questions>`
        : chosen === 'r'
          ? runSheet(event, state)
          : about(event);
    return html`<aside class="panel side" aria-label=${t.aside}>
      ${tabs<Tab>(common().panel, phase === 'before' ? [sheet, questions, info] : [questions, sheet, info], chosen, (id) => {
        this.tab = id;
        this.requestUpdate();
      })}
      <div class="scroll" tabindex="0" role="region" aria-label=${common().panelContent}>
        <div class="side__body" role="tabpanel" id=${`p-${chosen}`} aria-labelledby=${`tab-${chosen}`}>${body}</div>
      </div>
      <div class="side__foot">
        ${phase === 'before' ? gear(this.equipment, event.timezone) : nothing}
        <pl-part
          .event=${event}
          .live=${this.live}
          .votes=${this.votes}
          .asks=${this.asks}
          .drafts=${this.drafts}
          .queue=${this.questions.get<Queue>('queue')}
          .playingDate=${() => this.querySelector<Player>('pl-player')?.playingDate}
          .over=${phase === 'after'}
          .stamp=${performance.now()}
          @pl-asked=${() => {
            this.tab = 'q';
            this.requestUpdate();
            this.querySelector('.side .scroll')?.scrollTo({ top: 0, behavior: 'smooth' });
          }}
        ></pl-part>
      </div>
    </aside>`;
  }

  private readonly moved = (event: CustomEvent<PlayerTime>): void => {
    const date = event.detail.playingDate;
    // Twice a second is in step enough, and spares old phones.
    if (date !== undefined && this.date !== undefined && Math.floor(date / 500) === Math.floor(this.date / 500)) return;
    this.date = date;
    this.requestUpdate();
  };

  private handsUp(): boolean {
    const queue = this.questions.get<Queue>('queue');
    return queue?.hands === true && !queue.young;
  }

  private get takingPart(): Part | null {
    return this.querySelector<Part>('pl-part');
  }

  private openAsk(): void {
    this.takingPart?.openAsk();
  }

  private async share(): Promise<void> {
    const url = location.origin + location.pathname;
    if (navigator.share) {
      await navigator.share({ url, title: document.title }).catch(() => undefined);
      return;
    }
    if (await copyText(url)) toast(viewer().shared);
  }
}
define('pl-viewer', Viewer);
