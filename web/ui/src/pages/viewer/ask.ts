/** `<pl-ask>`: the form of a question. Says early what the server would refuse, and shows what it refused with the text kept. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { focusInside } from '../../components/drawer.js';
import { define, Element } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { banner, status } from '../../components/parts.js';
import { onePerson, spaced } from '../../components/question.js';
import { toast } from '../../components/toast.js';
import { clock } from '../../live/clock.js';
import type { Connection } from '../../live/connection.js';
import { eventUrl } from '../../live/event.js';
import type { EventInfo, Limits, Question, Queue } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { duration } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';
import type { Asks } from './asks.js';
import { clean, isEmpty, lengthOf } from './clean.js';
import type { Drafts } from './draft.js';
import { nameField, select } from './fields.js';
import { offered } from './offered.js';
import { Similar } from './similar.js';
import type { Votes } from './votes.js';

/** What is wrong, and at which field it is said. */
export interface Problem {
  at: 'text' | 'name';
  words: string;
}

export class Ask extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) live!: Connection;
  @property({ attribute: false }) votes!: Votes;
  @property({ attribute: false }) asks!: Asks;
  @property({ attribute: false }) drafts!: Drafts;
  @property({ attribute: false }) queue: Queue | undefined;
  /** Programme time of the picture, asked along with the question. */
  @property({ attribute: false }) playingDate: () => number | undefined = () => undefined;
  @property({ attribute: false }) close: () => void = () => undefined;
  @property({ attribute: false }) reopen: () => void = () => undefined;
  /** Why the last one was refused. */
  @property({ attribute: false }) refused: Problem | undefined;
  /** Set by the page at each drawing: what is shown also depends on the connection, the votes and the time. */
  @property({ attribute: false, hasChanged: () => true }) stamp: unknown;
  @state() private problem: Problem | undefined;
  private similar: Similar | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.similar = new Similar(this.live, () => this.requestUpdate());
    this.similar.typed(this.drafts.now.text);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('refused')) this.problem = this.refused;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.similar?.stop();
  }

  private get open(): boolean {
    return this.queue?.open !== false;
  }

  /** Milliseconds until slow mode lets the next one through. */
  private get slowFor(): number {
    return ((this.live.topic('mine').map.get('limits') as Limits | null | undefined)?.next_at ?? 0) - clock.now();
  }

  protected override render(): TemplateResult {
    const t = viewer();
    const draft = this.drafts.now;
    const offer = offered(this.event, this.queue);
    return html`<form class="ask__form" novalidate tabindex="-1" aria-labelledby="a-h" @submit=${this.submit} @keydown=${this.key} ${focusInside()}>
      <div class="row row--between">
        <h2 id="a-h">${t.yours}</h2>
        <button class="btn btn--quiet btn--icon" type="button" aria-label=${common().close} @click=${this.close}>${icon('x')}</button>
      </div>
      ${this.text(offer.maxLength)} ${this.alike()}
      ${nameField(
        'a-n',
        offer,
        { name: draft.name, showName: draft.showName, problem: this.problem?.at === 'name' ? this.problem.words : '' },
        { name: (value) => this.set('name', value), showName: (on) => this.set('showName', on) },
      )}
      <div class="pair">
        ${select({ id: 'a-p', label: t.you, all: offer.publics, chosen: draft.public, none: t.unsaid, choose: (value) => this.set('public', value), write: onePerson })}
        ${select({ id: 'a-s', label: t.toWhom, all: offer.sites, chosen: draft.site, none: t.all, choose: (value) => this.set('site', value) })}
      </div>
      ${select({ id: 'a-th', label: t.theme, all: offer.themes, chosen: draft.theme, none: t.noTheme, choose: (value) => this.set('theme', value) })}
      ${this.obstacle()}
      <button class="btn btn--primary btn--wide ask__send" type="submit" aria-disabled=${String(!this.open || this.slowFor > 0)}>${icon('send')}${t.send}</button>
    </form>`;
  }

  private text(maxLength: number): TemplateResult {
    const t = viewer();
    const draft = this.drafts.now;
    const left = maxLength - lengthOf(clean(draft.text));
    const problem = this.problem?.at === 'text' ? this.problem.words : '';
    return html`<div class="field">
      <label class="vh" for="a-t">${t.text}</label>
      <textarea
        class="input"
        id="a-t"
        rows="3"
        data-first-focus
        placeholder=${t.placeholder}
        aria-invalid=${String(problem !== '' || left < 0)}
        aria-describedby="a-left a-error"
        .value=${draft.text}
        @input=${(event: Event) => this.write((event.target as HTMLTextAreaElement).value)}
      ></textarea>
      <span class=${`field__hint num${left < 0 ? ' strong' : ''}`} id="a-left" aria-live=${left < 20 ? 'polite' : 'off'}>${left < 0 ? t.over(-left) : t.left(left)}</span>
      <span class="status" data-kind="look" id="a-error" role="alert">${problem}</span>
      ${draft.text === '' && this.drafts.aside !== ''
        ? html`<button class="btn btn--dense ask__aside" type="button" @click=${this.takeBack}>${icon('back', 's')}${t.takeBack}</button>`
        : nothing}
    </div>`;
  }

  /** Above the button: what stands in the way of sending, if anything does. */
  private obstacle(): TemplateResult | typeof nothing {
    const t = viewer();
    const slow = this.slowFor;
    if (!this.open) return banner('look', 'warn', t.closedMeanwhile);
    if (slow > 0) {
      const every = duration(this.queue?.slow_mode_s ?? Math.ceil(slow / 1000));
      return html`<p class="ask__slow">${status('clock', t.slowMode(every, duration(Math.ceil(slow / 1000))))}</p>`;
    }
    return this.live.state === 'offline' ? html`<p>${status('warn', t.offlineSend, 'look')}</p>` : nothing;
  }

  private alike(): TemplateResult {
    const t = viewer();
    const found = this.similar?.found ?? [];
    return html`<div class="likes" role="status">${found.length > 0 ? html`<p class="small strong">${t.alike}</p>${found.map((q) => this.like(q))}` : nothing}</div>`;
  }

  private like(q: Question): TemplateResult {
    const t = viewer();
    const text = html`<span class="grow">${spaced(q.text)} <span class="muted small nowrap">${common().question(q.number)}</span></span>`;
    if (q.state === 'on_air') return html`<div class="like">${text}${status('air', common().state.on_air, 'air')}</div>`;
    if (q.state === 'answered') {
      const link = html`<a class="small nowrap" href=${eventUrl(this.event.id, `replay/#q=${q.id}`)}>${t.seeAnswered}</a>`;
      return html`<div class="like">${text}${q.air_at ? link : html`<span class="small muted">${common().state.answered}</span>`}</div>`;
    }
    const count = this.votes.count(q);
    const mine = this.votes.mine(q.id);
    return html`<div class="like">
      ${text}
      <button class="vote" type="button" aria-pressed=${String(mine)} aria-label=${t.supportInstead(q.number, count)} @click=${() => this.support(q)}>
        ${icon('up', 's')}${count}
      </button>
    </div>`;
  }

  /** One tap: the vote, and the draft put aside; both come back together. */
  private support(q: Question): void {
    const t = viewer();
    const voted = !this.votes.mine(q.id);
    if (voted) this.votes.toggle(q);
    this.drafts.putAside();
    this.similar?.stop();
    this.close();
    toast(t.supported(q.number), () => {
      if (voted && this.votes.mine(q.id)) this.votes.toggle(q);
      this.drafts.takeBack();
      this.reopen();
    });
  }

  private readonly takeBack = (): void => {
    this.drafts.takeBack();
    this.similar?.typed(this.drafts.now.text);
    this.requestUpdate();
    this.querySelector<HTMLElement>('#a-t')?.focus();
  };

  private write(text: string): void {
    this.set('text', text);
    this.similar?.typed(text);
  }

  private set(...[key, value]: Parameters<Drafts['set']>): void {
    this.drafts.set(key, value);
    this.problem = undefined;
    this.requestUpdate();
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.submit(event);
  };

  private readonly submit = (event: Event): void => {
    event.preventDefault();
    this.problem = this.check();
    if (this.problem) {
      const field = this.problem.at === 'name' ? '#a-n' : '#a-t';
      this.querySelector<HTMLElement>(field)?.focus();
    } else if (this.open) this.send();
  };

  private check(): Problem | undefined {
    const t = viewer();
    const draft = this.drafts.now;
    const offer = offered(this.event, this.queue);
    const text = clean(draft.text);
    const over = lengthOf(text) - offer.maxLength;
    if (isEmpty(text)) return { at: 'text', words: t.empty };
    if (over > 0) return { at: 'text', words: t.over(over) };
    if (offer.names === 'required' && isEmpty(clean(draft.name))) return { at: 'name', words: t.needName };
    const slow = this.slowFor;
    return slow > 0 ? { at: 'text', words: t.tooSoon(duration(Math.ceil(slow / 1000))) } : undefined;
  }

  private send(): void {
    const draft = this.drafts.now;
    const offer = offered(this.event, this.queue);
    const name = offer.names === 'none' ? '' : draft.name.trim();
    const at = this.playingDate();
    const among = (key: 'public' | 'theme' | 'site', all: readonly { id: string }[]): Record<string, string> =>
      all.some((one) => one.id === draft[key]) ? { [key]: draft[key] } : {};
    this.asks.send({
      text: draft.text.trim(),
      ...(name ? { name, show_name: draft.showName } : {}),
      ...among('public', offer.publics),
      ...among('theme', offer.themes),
      ...among('site', offer.sites),
      ...(at === undefined ? {} : { programme_at: Math.round(at) }),
    });
    this.drafts.sent();
    this.similar?.stop();
    this.close();
    this.dispatchEvent(new CustomEvent('pl-asked', { bubbles: true }));
  }
}
define('pl-ask', Ask);
