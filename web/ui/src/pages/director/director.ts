/** The control room: wires views, panel state, pictures and keyboard together. Draws through its parts. */
import { html, nothing, type TemplateResult } from 'lit';
import '../../components/clock.js';
import { define } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { EventPage } from '../../components/page.js';
import { Ticker } from '../../components/tick.js';
import { clock } from '../../live/clock.js';
import { eventUrl } from '../../live/event.js';
import { SoundLevel } from '../../live/sound-level.js';
import type { EventInfo, Hand, ModeratedQuestion } from '../../live/wire.js';
import { duration } from '../../locales/index.js';
import { director } from '../../locales/director.js';
import { Actions } from '../moderator/actions.js';
import { running } from '../moderator/columns.js';
import { Hands } from '../moderator/hands.js';
import { healthLine, previewPane, programmePane, takeColumn } from './bus.js';
import { guests } from './guests.js';
import { troubles } from './health.js';
import { layoutBar } from './layout-bar.js';
import { phoneMutes, safetyPanel, soundPanel } from './low.js';
import { orders } from './orders.js';
import { Panel } from './panel-state.js';
import { Pictures } from './pictures.js';
import { questionList } from './questions.js';
import { runSheet } from './right.js';
import { lateness } from './sheet.js';
import { tiles } from './tiles.js';

class Director extends EventPage {
  private readonly panel = new Panel(
    this.live,
    () => this.event,
    () => this.requestUpdate(),
  );
  private readonly actions = new Actions(this.live, () => this.requestUpdate());
  private readonly hands = new Hands(this.live, () => this.requestUpdate());
  private readonly pictures = new Pictures((stream) => eventUrl(this.eventId, `whep/${stream}`), this.key ?? null);
  private readonly level = new SoundLevel(() => this.requestUpdate());
  private programmeMuted = true;
  private programmeShown: MediaStream | null = null;
  private watching = false;
  private to = 'stage';

  constructor() {
    super('direct', ['programme', 'direct', 'moderation', 'stage']);
    new Ticker(this, 1000);
    this.pictures.listen(() => {
      const stream = this.pictures.stream('programme');
      if (stream !== this.programmeShown) this.level.listen(stream);
      this.programmeShown = stream;
      this.requestUpdate();
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('keydown', this.pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('keydown', this.pressed);
  }

  protected override home(): undefined {
    return undefined;
  }

  protected override names(): [string, string] {
    return [director().title, this.event?.title ?? ''];
  }

  protected override topExtra(): TemplateResult {
    const t = director();
    const event = this.event as EventInfo;
    const state = this.panel.running;
    const started = state?.session && state.session_at ? { [state.session]: state.session_at } : {};
    const late = Math.round(lateness(event.sessions, state?.session, started, clock.now()) / 60_000);
    const words = late > 0 ? t.late(duration(late * 60)) : late < 0 ? t.early(duration(-late * 60)) : t.onTime;
    return html`<span class="daytime wide"><pl-tick .zone=${event.timezone} seconds .label=${t.clock}></pl-tick></span>
      <span class="lateness status wide" data-kind=${late > 0 ? 'look' : 'ink'}>${state?.session ? html`${icon('clock')}<span>${words}</span>` : nothing}</span>`;
  }

  protected override content(event: EventInfo): TemplateResult {
    this.watch(event);
    const { panel, pictures } = this;
    const now = clock.now();
    const wrong = troubles(event, panel.direct, panel.programme);
    const questions = this.questions();
    const next = questions.find((question) => question.state === 'staged');
    return html`<main class="desk" id="contenu" @click=${freeTheKeys}>
      <h1 class="vh">${director().heading}</h1>
      <section class="centre" aria-label=${director().heading}>
        ${healthLine(panel, event, wrong, now, (site) => this.writeTo(site))}
        <div class="bus">
          ${previewPane(panel, pictures)} ${takeColumn(panel, next, () => next && void this.actions.act(next, 'air'))}
          ${programmePane(panel, this.programmeShown, pictures.failing('programme'), this.programmeMuted, now, () => this.setMuted(true))}
        </div>
        ${layoutBar(panel, event)} ${phoneMutes(panel, event)}
        ${orders({ panel, connection: this.live, event, to: this.to, setTo: (to) => this.setTo(to) })}
      </section>
      ${tiles(panel, pictures, event, wrong, now, guests(event, this.under<Hand>('hand/'), this.hands, now))}
      <div class="right" tabindex="0" role="region" aria-label=${director().sheets}>${runSheet(panel, event, now)} ${questionList({ panel, event, list: questions, actions: this.actions, young: this.young })}</div>
      <div class="low">
        ${soundPanel(panel, event, wrong, { db: this.level.db, muted: this.programmeMuted, setMuted: (muted) => this.setMuted(muted) })} ${safetyPanel(panel, now)}
      </div>
    </main>`;
  }

  /** Opens what depends on the event: the programme's picture, and the rooms' own topics (were messages seen). */
  private watch(event: EventInfo): void {
    if (this.watching || this.live.state === 'connecting') return;
    this.watching = true;
    this.pictures.want('programme');
    for (const site of event.sites) this.live.subscribe(`site/${site.id}`);
  }

  private questions(): ModeratedQuestion[] {
    return running(this.under<ModeratedQuestion>('q/'));
  }

  private under<V>(prefix: string): V[] {
    return [...this.live.topic('moderation').map].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value as V);
  }

  private get young(): boolean {
    const rules = this.live.topic('moderation').map;
    return [rules.get('policy'), rules.get('queue')].some((one) => (one as { young?: boolean } | undefined)?.young === true);
  }

  private setMuted(muted: boolean): void {
    this.programmeMuted = muted;
    this.requestUpdate();
  }

  private setTo(to: string): void {
    this.to = to;
    this.requestUpdate();
  }

  private writeTo(site: string): void {
    this.setTo(site);
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#d-text')?.focus());
  }

  private readonly pressed = (event: KeyboardEvent): void => {
    const target = event.target as Element;
    if (!this.event || event.ctrlKey || event.metaKey || event.altKey || target.closest?.('input, textarea, select')) return;
    if ((event.key === 'Enter' || event.key === ' ') && !event.repeat) {
      if (target.closest?.('button, a, summary')) return;
      event.preventDefault();
      return this.panel.take();
    }
    if (event.key.toLowerCase() === 'z') return void this.actions.undoLast();
    const site = this.event.sites.find((one) => String(one.number) === event.key);
    if (site) this.panel.putSite(site.id);
  };
}
define('pl-director', Director);

/** A button pressed with the pointer gives the focus back, so that Enter and Space go on meaning "take". */
function freeTheKeys(event: MouseEvent): void {
  if (event.detail > 0) (event.target as Element).closest<HTMLElement>('button')?.blur();
}
