/** The page held on stage: what is asked now, what comes next, the time left, the director's messages. Sends only "seen". */
import { html, nothing, type TemplateResult } from 'lit';
import { define } from '../../components/element.js';
import { EventPage } from '../../components/page.js';
import { banner, failed, skeletonCards } from '../../components/parts.js';
import { named } from '../../components/question.js';
import { Ticker } from '../../components/tick.js';
import { clock } from '../../live/clock.js';
import type { Countdown, EventInfo, EventState, Hand, Message, Question } from '../../live/wire.js';
import { time } from '../../locales/index.js';
import { stage } from '../../locales/stage.js';
import './all.js';
import { Awake } from './awake.js';
import { forget, keep, recall } from './kept.js';
import { staged } from './list.js';
import { clockPanel, messages, next, note, now, speakers } from './parts.js';
import { timeLeft } from './time-left.js';

/** Messages kept on the page; older ones scroll out of use. */
const MESSAGES_KEPT = 6;
/** A page that shows what it kept says so after this long: most lines are back by then. */
const SAY_KEPT_MS = 3000;
const SPEAKING = ['speaking', 'ready', 'called'];

class Stage extends EventPage {
  private readonly kept = recall(this.eventId);
  private said: Message[] = this.kept?.said ?? [];
  /** Messages pressed away here, before the server knows; the same ones whose "seen" is on its way. */
  private readonly pressed = new Set<string>(this.kept?.pressed);
  private readonly sending = new Set<string>();
  /** Server time of the last news. */
  private heardAt = this.kept?.at ?? 0;
  private readonly opened = performance.now();
  private readonly awake = new Awake(this);
  /** What was last written down. */
  private written: unknown[] = [];

  constructor() {
    super('stage', ['stage', 'programme']);
    this.event ??= this.kept?.event;
    new Ticker(this, 1000);
    this.live.listen(() => this.heard());
  }

  protected override home(): undefined {
    return undefined;
  }

  protected override names(): [string, string] {
    const t = stage();
    const site = named(this.event?.sites, this.live.welcome?.site);
    const index = this.event?.sessions.findIndex((one) => one.id === this.running?.session) ?? -1;
    const session = this.event?.sessions[index];
    return [site ? t.titleOf(site) : t.title, session ? t.sessionOf(index + 1, session.title) : (this.event?.title ?? '')];
  }

  protected override content(event: EventInfo): TemplateResult {
    const t = stage();
    const topic = this.topic;
    const all = under<Question>(topic, 'q/');
    const hands = under<Hand>(topic, 'hand/').filter((hand) => SPEAKING.includes(hand.state));
    hands.sort((a, b) => SPEAKING.indexOf(a.state) - SPEAKING.indexOf(b.state) || a.hand - b.hand);
    const approved = all.filter((question) => question.state === 'approved').sort((a, b) => b.votes - a.votes);
    const left = timeLeft(topic?.get('countdown') as Countdown | undefined, this.running, event, clock.now());
    const message = this.learn(topic?.get('message') as Message | undefined);
    const current = all.find((question) => question.state === 'on_air');
    return html`<main class="chair" id="contenu" ?data-note=${message !== undefined}>
        <h1 class="vh">${t.heading}</h1>
        ${topic ? now(event, current, this.running?.phase === 'after') : html`<div class="stack">${skeletonCards(1)} ${this.live.state === 'offline' ? failed(t.slow, this.live.retry) : nothing}</div>`}
        <div class="sidecol">
          ${clockPanel(event, left)} ${messages(event, this.said)}
          <p class="small muted keep">${t.keepNote}</p>
          ${this.awake.on === false ? html`<p class="small muted">${t.sleeps}</p>` : nothing}
        </div>
        <div class="queue">
          ${speakers(event, hands)} ${topic ? next(event, staged(all).slice(0, 2), approved.slice(0, 2)) : nothing}
          <pl-stage-all .event=${event} .questions=${all}></pl-stage-all>
        </div>
        ${topic && this.stale ? html`<div class="lostline">${banner('look', 'warn', t.lostSince(time(this.heardAt, event.timezone)))}</div>` : nothing}
      </main>
      ${note(event, message, () => this.press(message))}`;
  }

  /** The topic `stage` as last heard, here or before the page was loaded again. */
  private get topic(): ReadonlyMap<string, unknown> | undefined {
    const topic = this.live.topic('stage');
    if (topic.loaded) return topic.map;
    return this.kept && new Map(this.kept.stage);
  }

  private get running(): EventState | undefined {
    const topic = this.live.topic('programme');
    return topic.loaded ? (topic.map.get('event') as EventState | undefined) : this.kept?.running;
  }

  /** What is shown may no longer be true. */
  private get stale(): boolean {
    if (this.live.state === 'offline') return true;
    return !this.live.topic('stage').loaded && performance.now() - this.opened > SAY_KEPT_MS;
  }

  private heard(): void {
    if (this.live.state === 'refused') return forget(this.eventId);
    if (this.live.state !== 'live') return;
    this.heardAt = clock.now();
    this.again();
    this.write();
  }

  /** Keeps what is known, when it has changed. */
  private write(): void {
    const topic = this.live.topic('stage');
    const facts = [topic.map, this.running, this.event, this.said];
    if (!topic.loaded || facts.every((fact, index) => fact === this.written[index])) return;
    this.written = facts;
    this.keep();
  }

  private keep(): void {
    if (!this.event || !this.topic) return;
    keep(this.eventId, { at: this.heardAt, event: this.event, stage: [...this.topic], running: this.running, said: this.said, pressed: [...this.pressed] });
  }

  /** Files a message that was seen; returns the one still to be seen. */
  private learn(message: Message | undefined): Message | undefined {
    if (!message || !message.text) return undefined;
    if (!message.seen && !this.pressed.has(nameOf(message))) return message;
    if (!this.said.some((one) => nameOf(one) === nameOf(message))) this.said = [message, ...this.said].slice(0, MESSAGES_KEPT);
    return undefined;
  }

  private press(message: Message | undefined): void {
    if (!message) return;
    this.pressed.add(nameOf(message));
    this.tell(message);
    this.learn(message);
    // At once: the page may be loaded again before the network is back.
    this.keep();
    this.requestUpdate();
  }

  /** A message pressed away before the page was loaded again: its "seen" was lost with the page. */
  private again(): void {
    const message = this.live.topic('stage').map.get('message') as Message | undefined;
    if (message?.text && !message.seen && this.pressed.has(nameOf(message))) this.tell(message);
  }

  private tell(message: Message): void {
    const name = nameOf(message);
    if (this.sending.has(name)) return;
    this.sending.add(name);
    this.live.send('seen', { message: message.id }).done.catch(() => {
      this.pressed.delete(name);
      this.sending.delete(name);
      this.requestUpdate();
    });
  }
}
define('pl-stage', Stage);

/** Message ids begin again when the server does. */
function nameOf(message: Message): string {
  return `${message.id}/${message.at}`;
}

function under<V>(map: ReadonlyMap<string, unknown> | undefined, prefix: string): V[] {
  return [...(map ?? [])].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value as V);
}
