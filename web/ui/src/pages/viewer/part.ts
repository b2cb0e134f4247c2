/**
 * `<pl-part>`: taking part, always in reach: the bar with its two buttons, the form of a question, the request to speak. Owns which
 * of them is open, and where a refused one goes back to.
 */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { define, Element } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { status } from '../../components/parts.js';
import { toast } from '../../components/toast.js';
import { clock } from '../../live/clock.js';
import { type Connection, Refused } from '../../live/connection.js';
import type { Banned, EventInfo, Queue } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';
import { hand as handWords } from '../../locales/viewer-hand.js';
import type { Problem } from './ask.js';
import './ask.js';
import { Asks } from './asks.js';
import { Drafts } from './draft.js';
import { current, mayRaise } from './hand.js';
import './hand-form.js';
import type { Votes } from './votes.js';

type Open = 'ask' | 'hand';

export class Part extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) live!: Connection;
  @property({ attribute: false }) votes!: Votes;
  @property({ attribute: false }) queue: Queue | undefined;
  @property({ attribute: false }) drafts!: Drafts;
  @property({ attribute: false }) asks!: Asks;
  @property({ attribute: false }) playingDate: () => number | undefined = () => undefined;
  @property({ type: Boolean }) over = false;
  /** Set by the page at each drawing: what is shown also depends on the connection and the time. */
  @property({ attribute: false, hasChanged: () => true }) stamp: unknown;
  @state() private open: Open | undefined;
  /** Why the last question, or the last request, was refused. */
  @state() private refusal: { of: Open; problem: Problem } | undefined;

  /** The focus was in here before this drawing. */
  private inside = false;

  openAsk(): void {
    this.open = 'ask';
  }

  /** The question did not leave: nothing typed is lost. */
  giveBack(error: Refused, fields: Readonly<Record<string, unknown>>): void {
    const t = viewer();
    const text = String(fields['text'] ?? '');
    const words = t.refused(common().refusal[error.code] ?? error.detail);
    const back = (): void => {
      for (const key of ['text', 'theme', 'site'] as const) this.drafts.set(key, String(fields[key] ?? ''));
      this.refusal = { of: 'ask', problem: { at: error.code === 'name_taken' ? 'name' : 'text', words } };
      this.open = 'ask';
    };
    // Something else is being written by now: that stays, and the other text is one press away.
    if (this.drafts.now.text.trim() !== '' && this.drafts.now.text !== text) toast(words, back, t.takeBackRefused);
    else back();
  }

  protected override willUpdate(): void {
    this.inside = this.contains(document.activeElement);
  }

  /** The form that is gone had the focus: it goes back to the button that opened it. */
  protected override updated(changed: PropertyValues): void {
    const was = changed.get('open') as Open | undefined;
    if (!this.inside || this.open || !was || document.activeElement !== document.body) return;
    this.querySelector<HTMLElement>(was === 'hand' ? '.ask__say, .ask__open' : '.ask__open')?.focus({ preventScroll: true });
  }

  protected override render(): TemplateResult {
    return html`<section class="ask" aria-label=${viewer().participate}>
      ${this.over ? nothing : html`<pl-hand .live=${this.live} .sending=${this.raising} .stamp=${this.stamp} @pl-hand=${() => this.requestUpdate()}></pl-hand>`}
      ${this.open === 'ask' ? this.form() : this.open === 'hand' ? this.handForm() : this.bar()}
    </section>`;
  }

  private get banned(): Banned | undefined {
    const banned = this.live.topic('mine').map.get('banned') as Banned | null | undefined;
    return banned && (banned.until === undefined || banned.until > clock.now()) ? banned : undefined;
  }

  private get raising(): boolean {
    return this.live.unsettled.some((one) => one.name === 'hand');
  }

  private bar(): TemplateResult {
    const t = viewer();
    const banned = this.banned;
    if (banned) {
      const until = banned.until === undefined ? t.banned(banned.reason) : t.bannedUntil(banned.reason, time(banned.until, this.event.timezone));
      return html`<div class="ask__bar"><p class="ask__closed grow" role="status">${status('warn', until, 'look')}</p></div>`;
    }
    const closed = this.over || this.queue?.open === false;
    // One thing at a time: while the person is called, that is the thing to press.
    const called = ['called', 'ready'].includes(current(this.live)?.state ?? '');
    // Children ask for the floor through their room.
    const hands = !this.over && this.queue?.hands === true && !this.queue.young && mayRaise(this.live) && !this.raising;
    return html`<div class="ask__bar">
      ${closed
        ? html`<p class="ask__closed grow" role="status">${this.over ? t.closedAfter : t.closed}</p>`
        : html`<button class=${`btn${called ? '' : ' btn--primary'} ask__open`} type="button" aria-expanded="false" @click=${() => this.show('ask')}>${t.ask}</button>`}
      ${hands
        ? html`<button class="btn ask__say" type="button" aria-expanded="false" @click=${() => this.show('hand')}>${icon('hand')}${handWords().ask}</button>`
        : nothing}
    </div>`;
  }

  private show(open: Open): void {
    if (this.refusal?.of !== open) this.refusal = undefined;
    this.open = open;
  }

  private readonly close = (): void => {
    this.open = undefined;
    this.refusal = undefined;
  };

  private form(): TemplateResult {
    return html`<pl-ask
      .event=${this.event}
      .live=${this.live}
      .votes=${this.votes}
      .asks=${this.asks}
      .drafts=${this.drafts}
      .queue=${this.queue}
      .playingDate=${this.playingDate}
      .close=${this.close}
      .reopen=${() => this.show('ask')}
      .refused=${this.refusal?.of === 'ask' ? this.refusal.problem : undefined}
      .stamp=${this.stamp}
    ></pl-ask>`;
  }

  private handForm(): TemplateResult {
    return html`<pl-hand-form
      .event=${this.event}
      .live=${this.live}
      .drafts=${this.drafts}
      .queue=${this.queue}
      .close=${this.close}
      .raise=${(fields: Record<string, unknown>) => this.raise(fields)}
      .refused=${this.refusal?.of === 'hand' ? this.refusal.problem : undefined}
      .stamp=${this.stamp}
    ></pl-hand-form>`;
  }

  private raise(fields: Record<string, unknown>): void {
    const about = this.drafts.now.about;
    this.drafts.raised();
    this.close();
    this.live.send('hand', fields).done.catch((error: unknown) => {
      if (!(error instanceof Refused)) return;
      const words = handWords().refusal[error.code] ?? common().refusal[error.code] ?? error.detail;
      this.drafts.set('about', about);
      this.refusal = { of: 'hand', problem: { at: error.code === 'name_taken' ? 'name' : 'text', words: handWords().refused(words) } };
      this.open = 'hand';
    });
  }
}
define('pl-part', Part);
