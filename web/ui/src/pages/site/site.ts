/** A room's page: first visit in three steps, then "are we on air?", the two pictures, and what goes with them. Wires the parts. */
import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { define } from '../../components/element.js';
import type { LiveVideo } from '../../components/live-video.js';
import { EventPage } from '../../components/page.js';
import { icon } from '../../components/icon.js';
import { toast } from '../../components/toast.js';
import { named } from '../../components/question.js';
import { Refused } from '../../live/connection.js';
import { clock } from '../../live/clock.js';
import { eventPage, eventUrl } from '../../live/event.js';
import { local } from '../../live/store.js';
import type { EventInfo, EventState, Message, OnAir, Ready, Scene, SiteState, SiteTally } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { site } from '../../locales/site.js';
import { sheetRows } from '../director/sheet.js';
import { first, type Step } from './first.js';
import './hand.js';
import { deviceTrouble, devicesPanel, encoderPanel, linePanel, seatBanner } from './panels.js';
import './questions.js';
import { Return } from './return.js';
import { Sender } from './sender.js';
import { tallyBanner } from './tally.js';
import { ownView, returnView } from './views.js';

class Site extends EventPage {
  private readonly siteId = eventPage().replace(/^site\//, '');
  private readonly whip = new URL(eventUrl(this.eventId, `whip/${this.siteId}`), location.href).href;
  private readonly sender = new Sender(
    this.whip,
    this.key ?? null,
    () => this.querySelector<LiveVideo>('.own')?.video ?? null,
    () => this.requestUpdate(),
  );
  private returned: Return | undefined;
  private readonly visited = `pl-site-ready/${this.eventId}/${this.siteId}`;
  private step: Step | 'room' | 'encoder' = local.get(this.visited) ? 'room' : 1;
  private readying = false;
  /** Messages pressed away, by id and time: ids begin again when the server does. */
  private readonly seen = new Set<string>();
  private opened = false;
  private tallySeen: SiteTally | undefined;

  constructor() {
    super(eventPage(), [`site/${eventPage().replace(/^site\//, '')}`, 'programme', 'mine', 'public']);
    addEventListener('pagehide', () => this.sender.close());
  }

  protected override home(): undefined {
    return undefined;
  }

  private get siteName(): string {
    return named(this.event?.sites, this.siteId) ?? this.siteId;
  }

  protected override names(): [string, string] {
    return [site().title(this.siteName), this.event?.title ?? ''];
  }

  protected override content(event: EventInfo): TemplateResult {
    this.start();
    if (typeof this.step === 'number') return first({ step: this.step, name: this.siteName, sender: this.sender, go: (step) => this.go(step) });
    return this.room(event);
  }

  /** Devices are asked for once the page is known to be this room's. */
  private start(): void {
    if (this.opened || this.live.state === 'connecting') return;
    this.opened = true;
    void this.sender.open().then(() => {
      if (this.step === 'room') this.sender.publish();
    });
  }

  private go(step: Step | 'room' | 'encoder'): void {
    if (step === 2 && this.sender.status.state === 'idle') this.sender.publish();
    if (step === 'room') local.set(this.visited, 'yes');
    this.step = step;
    this.requestUpdate();
    void this.updateComplete.then(() => scrollTo(0, 0));
  }

  private room(event: EventInfo): TemplateResult {
    const own = this.live.topic(`site/${this.siteId}`).map;
    const programme = this.live.topic('programme').map;
    const state = programme.get(`site/${this.siteId}`) as SiteState | undefined;
    const tally = this.timed(own.get('tally') as SiteTally | undefined);
    this.returned ??= new Return(eventUrl(this.eventId, `whep/return-${this.siteId}`), this.key ?? null, () => this.requestUpdate());
    const running = programme.get('event') as EventState | undefined;
    const scene = programme.get('scene') as Scene | undefined;
    this.returned.alone = scene?.slots.length === 1 && scene.slots[0] === this.siteId;
    return html`${tallyBanner({
        name: this.siteName,
        known: !this.live.topic(`site/${this.siteId}`).loaded ? 'no' : this.live.state === 'offline' ? 'old' : 'yes',
        over: running?.phase === 'after',
        tally,
        standby: own.get('standby') as Ready | undefined,
        air: programme.get('air') as OnAir | undefined,
        next: this.next(event, running),
        readying: this.readying,
        ready: () => void this.ready(),
      })}
      <main class="room" id="contenu">
        <h1 class="vh">${site().title(this.siteName)}</h1>
        ${this.order(event, own.get('message') as Message | undefined)} ${this.sender.trouble ? deviceTrouble(this.sender) : nothing} ${seatBanner(this.sender, this.siteName)}
        <div class="sideviews">${ownView(this.sender, tally?.state ?? 'off', state?.muted ?? false)} ${returnView(this.returned)}</div>
        <div class="panels">
          <pl-room-questions .event=${event} .live=${this.live} .siteId=${this.siteId} .siteName=${this.siteName}></pl-room-questions>
          <pl-room-hand .live=${this.live} .siteId=${this.siteId}></pl-room-hand>
          ${devicesPanel(this.sender)} ${linePanel(this.sender)}
        </div>
        ${encoderPanel(this.whip, this.key ?? '', this.step === 'encoder')}
      </main>`;
  }

  /** When the next session with this room begins, if nothing is made up. */
  private next(event: EventInfo, state: EventState | undefined): string | undefined {
    const started = { ...state?.sessions_at, ...(state?.session && state.session_at ? { [state.session]: state.session_at } : {}) };
    const coming = sheetRows(event.sessions, state?.session, started, clock.now()).filter((row) => row.state === 'to_come');
    const own = coming.find((row) => event.sessions.find((session) => session.id === row.id)?.sites.includes(this.siteId));
    return own && time(own.real ?? own.planned, event.timezone);
  }

  /** A tally that does not say since when counts from when this page saw it. */
  private timed(tally: SiteTally | undefined): SiteTally | undefined {
    if (!tally) return undefined;
    if (tally.state !== this.tallySeen?.state) this.tallySeen = { state: tally.state, since: clock.now() };
    return { ...this.tallySeen, ...tally };
  }

  private order(event: EventInfo, message: Message | undefined): TemplateResult | typeof nothing {
    if (!message || !message.text || message.seen || this.seen.has(`${message.id}/${message.at}`)) return nothing;
    const t = site();
    // Keyed, so that a press on one order does not acknowledge the next.
    return html`${keyed(
      `${message.id}/${message.at}`,
      html`<div class="banner order" data-kind="look" role="alert">
        ${icon('talk')}
        <p class="grow"><b>${t.order(time(message.at, event.timezone))}</b> ${message.text}</p>
        <button class="btn" type="button" @click=${() => this.markSeen(message)}>${icon('check')}${t.seen}</button>
      </div>`,
    )}`;
  }

  private markSeen(message: Message): void {
    const name = `${message.id}/${message.at}`;
    this.seen.add(name);
    this.requestUpdate();
    this.live.send('seen', { message: message.id }).done.catch((error: unknown) => {
      this.seen.delete(name);
      this.failed(error);
    });
  }

  private async ready(): Promise<void> {
    this.readying = true;
    this.requestUpdate();
    await this.live.send('ready').done.catch((error: unknown) => this.failed(error));
    this.readying = false;
    this.requestUpdate();
  }

  private failed(error: unknown): void {
    const refused = error instanceof Refused ? error : undefined;
    toast(common().refusal[refused?.code ?? 'unavailable'] ?? refused?.detail ?? '');
    this.requestUpdate();
  }
}
define('pl-site', Site);
