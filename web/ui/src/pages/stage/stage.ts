/** The page held on stage: what is asked now, what comes next, the time left, the director's messages. Sends only "seen". */
import { html, nothing, type TemplateResult } from 'lit';
import { define } from '../../components/element.js';
import { EventPage } from '../../components/page.js';
import { banner, skeletonCards } from '../../components/parts.js';
import { named } from '../../components/question.js';
import { Ticker } from '../../components/tick.js';
import { clock } from '../../live/clock.js';
import type { Countdown, EventInfo, EventState, Message, Question } from '../../live/wire.js';
import { time } from '../../locales/index.js';
import { stage } from '../../locales/stage.js';
import { clockPanel, messages, next, note, now } from './parts.js';
import { timeLeft } from './time-left.js';

/** Messages kept on the page; older ones scroll out of use. */
const MESSAGES_KEPT = 6;

class Stage extends EventPage {
  private said: Message[] = [];
  /** Messages pressed away here, before the server knows. */
  private readonly pressed = new Set<string>();
  /** Server time of the last news. */
  private heardAt = 0;

  constructor() {
    super('stage', ['stage', 'programme']);
    new Ticker(this, 1000);
    this.live.listen(() => {
      if (this.live.state === 'live') this.heardAt = clock.now();
    });
    addEventListener('visibilitychange', () => void keepAwake());
    void keepAwake();
  }

  protected override home(): undefined {
    return undefined;
  }

  protected override names(): [string, string] {
    const t = stage();
    const site = named(this.event?.sites, this.live.welcome?.site);
    const running = this.live.topic('programme').map.get('event') as EventState | undefined;
    const index = this.event?.sessions.findIndex((one) => one.id === running?.session) ?? -1;
    const session = this.event?.sessions[index];
    return [site ? t.titleOf(site) : t.title, session ? t.sessionOf(index + 1, session.title) : (this.event?.title ?? '')];
  }

  protected override content(event: EventInfo): TemplateResult {
    const t = stage();
    const topic = this.live.topic('stage');
    if (this.live.state === 'live') this.heardAt = clock.now();
    const questions = [...topic.map].filter(([key]) => key.startsWith('q/')).map(([, value]) => value as Question);
    const current = questions.find((question) => question.state === 'on_air');
    const staged = questions.filter((question) => question.state === 'staged').sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
    const approved = questions.filter((question) => question.state === 'approved').sort((a, b) => b.votes - a.votes);
    const running = this.live.topic('programme').map.get('event') as EventState | undefined;
    const left = timeLeft(topic.map.get('countdown') as Countdown | undefined, running, event, clock.now());
    const message = this.learn(topic.map.get('message') as Message | undefined);
    return html`<main class="chair" id="contenu">
        <h1 class="vh">${t.heading}</h1>
        ${this.live.state === 'offline' && topic.loaded ? html`<div class="lostline">${banner('look', 'warn', t.lostSince(time(this.heardAt, event.timezone)))}</div>` : nothing}
        ${topic.loaded ? now(event, current) : skeletonCards(1)}
        <div class="sidecol">
          ${clockPanel(event, left)} ${messages(event, this.said)}
          <p class="small muted keep">${t.keepNote}</p>
        </div>
        ${next(event, staged.slice(0, 2), approved.slice(0, 2))}
      </main>
      ${note(event, message, () => this.seen(message))}`;
  }

  /** Files a message that was seen; returns the one still to be seen. */
  private learn(message: Message | undefined): Message | undefined {
    if (!message || !message.text) return undefined;
    if (!message.seen && !this.pressed.has(message.id)) return message;
    if (!this.said.some((one) => one.id === message.id)) this.said = [message, ...this.said].slice(0, MESSAGES_KEPT);
    return undefined;
  }

  private seen(message: Message | undefined): void {
    if (!message) return;
    this.pressed.add(message.id);
    this.requestUpdate();
    this.live.send('seen', { message: message.id }).done.catch(() => {
      this.pressed.delete(message.id);
      this.requestUpdate();
    });
  }
}
define('pl-stage', Stage);

/** A phone on a lectern must not go dark. Refused on plain HTTP and in the background: nothing is lost then. */
async function keepAwake(): Promise<void> {
  if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
  await navigator.wakeLock.request('screen').catch(() => undefined);
}
