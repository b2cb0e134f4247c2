/** The replay page: player and chapters in step; `#t=` seconds, `#q=` question, `#at=` programme time, `#r=` recording. */
import { html, nothing, type TemplateResult } from 'lit';
import { copyText } from '../../components/copy.js';
import { define } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { EventPage } from '../../components/page.js';
import { banner, empty, failed, skeletonCards } from '../../components/parts.js';
import type { Player, PlayerTime, Stretch } from '../../components/player.js';
import '../../components/player.js';
import { spaced, who } from '../../components/question.js';
import { toast } from '../../components/toast.js';
import { eventUrl, getJson } from '../../live/event.js';
import type { Chapter, EventInfo, EventState, Question, ReplayInfo } from '../../live/wire.js';
import { clockText, date, duration, time } from '../../locales/index.js';
import { replay } from '../../locales/replay.js';
import { chapterList, current, parts } from './chapters.js';

/** Milliseconds between two readings of chapters while the recording grows. */
const GROWING_MS = 10_000;
const SLOW_MS = 4000;

class Replay extends EventPage {
  private readonly programme = this.live.view(this, 'programme');
  private readonly questions = this.live.view<Question>(this, 'public');
  private recordings: ReplayInfo[] | undefined;
  private recording: ReplayInfo | undefined;
  private chapters: Chapter[] | undefined;
  private listFailed = false;
  private chaptersFailed = false;
  private position = 0;
  private search = '';
  /** Where the address asks to begin; settled once the chapters are known. */
  private start: number | undefined;

  constructor() {
    super(undefined, ['public', 'programme']);
    addEventListener('hashchange', () => this.followAddress());
    void this.loadRecordings();
    setInterval(() => this.recording?.state !== 'complete' && void this.refresh(), GROWING_MS);
  }

  private async loadRecordings(): Promise<void> {
    try {
      this.recordings = await getJson<ReplayInfo[]>(eventUrl(this.eventId, 'replays.json'));
      this.listFailed = false;
      const asked = new URLSearchParams(location.hash.slice(1)).get('r');
      const first = this.recordings.find((one) => one.id === asked) ?? this.recordings.at(0);
      if (first && !this.recording) await this.choose(first);
      else if (this.recording) this.recording = this.recordings.find((one) => one.id === this.recording?.id) ?? this.recording;
    } catch {
      this.listFailed = this.recordings === undefined;
      if (this.listFailed) setTimeout(() => void this.loadRecordings(), SLOW_MS);
    }
    this.requestUpdate();
  }

  private async choose(recording: ReplayInfo): Promise<void> {
    this.recording = recording;
    this.chapters = undefined;
    this.start = undefined;
    await this.loadChapters();
    this.start = this.addressed() ?? 0;
    this.position = this.start;
    this.requestUpdate();
  }

  private async loadChapters(): Promise<void> {
    if (!this.recording) return;
    try {
      this.chapters = await getJson<Chapter[]>(eventUrl(this.eventId, `replay/${this.recording.id}/chapters.json`));
      this.chaptersFailed = false;
    } catch {
      this.chaptersFailed = this.chapters === undefined;
    }
    this.requestUpdate();
  }

  private async refresh(): Promise<void> {
    await this.loadRecordings();
    await this.loadChapters();
  }

  /** The place the address asks for, player seconds. */
  private addressed(): number | undefined {
    const asked = new URLSearchParams(location.hash.slice(1));
    const seconds = Number.parseFloat(asked.get('t') ?? '');
    if (Number.isFinite(seconds)) return Math.max(0, seconds);
    const question = Number(asked.get('q') ?? Number.NaN);
    const chapter = this.chapters?.find((one) => one.question === question && one.kind === 'question');
    if (chapter) return chapter.offset_s;
    const at = Number(asked.get('at') ?? Number.NaN);
    const before = Number.isNaN(at) ? undefined : (this.chapters?.findLast((one) => one.at <= at + 1000) ?? this.chapters?.[0]);
    return before ? Math.max(0, before.offset_s + Math.max(0, (at - before.at) / 1000)) : undefined;
  }

  private followAddress(): void {
    const at = this.addressed();
    if (at !== undefined) this.player?.seek(at);
  }

  private get player(): Player | null {
    return this.querySelector<Player>('pl-player');
  }

  protected override skeleton(): TemplateResult {
    return this.frame(html`<div class="player" data-theme="dark"><div class="pic player__picture"></div></div>`, skeletonCards(4));
  }

  protected override content(event: EventInfo): TemplateResult {
    const t = replay();
    if (this.listFailed) return html`<main class="plainpage" id="contenu">${failed(t.failed, () => void this.loadRecordings())}</main>`;
    if (!this.recordings) return this.skeleton();
    if (!this.recording) {
      return html`<main class="plainpage" id="contenu">
        <div class="panel">
          ${empty('play', t.none, t.noneText, html`<a class="btn btn--primary" href=${eventUrl(event.id)}>${t.toEvent}</a>`, 1)}
        </div>
      </main>`;
    }
    const chapters = this.chapters ?? [];
    const seen = current(chapters, this.position);
    const session = parts(chapters).findLast((part) => part.session && part.session.offset_s <= this.position + 0.5)?.session;
    document.title = t.doc(session?.title ?? this.recording.title, [event.title, event.subtitle].filter(Boolean).join(', '));
    return this.frame(
      html`<pl-player
          mode="replay"
          .src=${this.start === undefined ? '' : eventUrl(event.id, `replay/${this.recording.id}/index.m3u8`)}
          .start=${this.start ?? 0}
          .stretches=${this.stretches(chapters)}
          .label=${`${t.kind} : ${session?.title ?? this.recording.title}`}
          @pl-time=${this.moved}
        ></pl-player>
        ${this.about(event, session, seen, chapters)}`,
      this.chapters ? chapterList(chapters, seen, this.search, (chapter) => this.go(chapter)) : this.chaptersFailed ? failed(t.slow, () => void this.loadChapters()) : skeletonCards(4),
    );
  }

  private frame(main: TemplateResult, list: TemplateResult): TemplateResult {
    const t = replay();
    return html`<main class="view" id="contenu">
      <div class="main main--replay">${main}</div>
      <aside class="panel side side--replay" aria-label=${t.aside}>
        <div class="panel__head"><h2>${t.chapters}</h2></div>
        <div class="search">
          ${icon('search')}<label class="vh" for="s">${t.search}</label>
          <input class="input" id="s" type="search" placeholder=${t.searchHint} .value=${this.search} @input=${this.searched} />
        </div>
        <div class="scroll" tabindex="0" role="region" aria-label=${t.chapters}>${list}</div>
      </aside>
    </main>`;
  }

  private about(event: EventInfo, session: Chapter | undefined, seen: Chapter | undefined, chapters: readonly Chapter[]): TemplateResult {
    const t = replay();
    const recording = this.recording as ReplayInfo;
    const sessions = chapters.filter((one) => one.kind === 'session');
    const index = session ? sessions.indexOf(session) : -1;
    const next = sessions[index + 1];
    const at = session?.at ?? recording.started_at;
    const length = session ? (next?.offset_s ?? recording.duration_s) - session.offset_s : recording.duration_s;
    const head = [
      t.kind,
      index >= 0 ? t.session(index + 1) : undefined,
      t.at(lower(date(at, event.timezone)), time(at, event.timezone)),
      duration(Math.max(0, length)),
    ];
    const here = clockText(this.position);
    return html`<section class="about" aria-labelledby="t">
      <div>
        <p class="muted small">${head.filter(Boolean).join(', ')}</p>
        <h1 id="t">${session?.title ?? recording.title}</h1>
        <p>${seen?.kind === 'question' && seen.question !== undefined ? this.sentence(event, seen) : '\u00a0'}</p>
      </div>
      <div class="row">
        <button class="btn btn--primary" type="button" @click=${() => void this.share()}>${icon('share')}<span class="num">${t.share(here)}</span></button>
        <a class="btn btn--quiet" href=${eventUrl(event.id, 'replays.rss')}>${icon('rss')}${t.subscribe}</a>
        ${this.recordings && this.recordings.length > 1 ? this.others(event) : nothing}
      </div>
      ${recording.state === 'recording' ? banner('plain', 'disc', t.growing, this.joinLive(event)) : nothing}
    </section>`;
  }

  private joinLive(event: EventInfo): TemplateResult | typeof nothing {
    const live = this.programme.get<EventState>('event')?.phase === 'live';
    return live ? html`<a class="btn btn--dense" href=${eventUrl(event.id)}>${replay().toLive}</a>` : nothing;
  }

  private sentence(event: EventInfo, seen: Chapter): TemplateResult {
    const t = replay();
    const q = this.questions.get<Question>(`q/${seen.question}`);
    return html`${t.sentence(seen.question ?? 0, q ? who(event, q, false) : '')} <span class="strong">${spaced(seen.title)}</span>`;
  }

  private others(event: EventInfo): TemplateResult {
    const all = this.recordings ?? [];
    return html`<label class="vh" for="r-which">${replay().which}</label>
      <select
        class="input"
        id="r-which"
        style="width:auto"
        @change=${(change: Event) => {
          const found = all.find((one) => one.id === (change.target as HTMLSelectElement).value);
          if (found) {
            history.replaceState(null, '', `#r=${found.id}`);
            void this.choose(found);
          }
        }}
      >
        ${all.map(
          (one) => html`<option value=${one.id} ?selected=${one.id === this.recording?.id}>${date(one.started_at, event.timezone, false)}, ${time(one.started_at, event.timezone)}</option>`,
        )}
      </select>`;
  }

  private stretches(chapters: readonly Chapter[]): Stretch[] {
    const sessions = chapters.filter((one) => one.kind === 'session');
    const end = this.recording?.duration_s ?? 0;
    return sessions.map((one, index) => ({ from: one.offset_s, to: sessions[index + 1]?.offset_s ?? end }));
  }

  private go(chapter: Chapter): void {
    history.replaceState(null, '', `#${this.addressOf(chapter.offset_s)}`);
    this.position = chapter.offset_s;
    this.player?.seek(chapter.offset_s);
    this.requestUpdate();
  }

  private addressOf(seconds: number): string {
    const many = (this.recordings?.length ?? 0) > 1;
    return `t=${Math.floor(seconds)}${many && this.recording ? `&r=${this.recording.id}` : ''}`;
  }

  private readonly moved = (event: CustomEvent<PlayerTime>): void => {
    if (event.detail.state === 'connecting') return;
    this.position = event.detail.position;
    this.requestUpdate();
  };

  private readonly searched = (event: Event): void => {
    this.search = (event.target as HTMLInputElement).value;
    this.requestUpdate();
  };

  private async share(): Promise<void> {
    const t = replay();
    const at = clockText(this.position);
    const url = `${location.origin}${location.pathname}#${this.addressOf(this.position)}`;
    if (navigator.share && matchMedia('(pointer: coarse)').matches) {
      await navigator.share({ url, title: document.title }).catch(() => undefined);
      return;
    }
    toast((await copyText(url)) ? t.shared(at) : t.shareRefused(url));
  }
}
define('pl-replay', Replay);

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
