/** `<pl-hand-form>`: what one wants to speak about, before the hand goes up. */
import { html, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { focusInside } from '../../components/drawer.js';
import { define, Element } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { status } from '../../components/parts.js';
import { onePerson } from '../../components/question.js';
import type { Connection } from '../../live/connection.js';
import type { EventInfo, Queue } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { viewer } from '../../locales/viewer.js';
import { hand } from '../../locales/viewer-hand.js';
import type { Problem } from './ask.js';
import { clean, isEmpty, lengthOf } from './clean.js';
import type { Drafts } from './draft.js';
import { nameField, select } from './fields.js';
import { offered } from './offered.js';

/** Longest subject, in Unicode scalar values. */
const ABOUT_MAX = 140;

export class HandForm extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) live!: Connection;
  @property({ attribute: false }) queue: Queue | undefined;
  @property({ attribute: false }) drafts!: Drafts;
  @property({ attribute: false }) close: () => void = () => undefined;
  /** Sends the request. */
  @property({ attribute: false }) raise: (fields: Record<string, unknown>) => void = () => undefined;
  /** Why the last one was refused, and at which field it is said. */
  @property({ attribute: false }) refused: Problem | undefined;
  /** Set by the page at each drawing. */
  @property({ attribute: false, hasChanged: () => true }) stamp: unknown;
  @state() private problem: Problem | undefined;

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('refused')) this.problem = this.refused;
  }

  protected override render(): TemplateResult {
    const t = hand();
    const draft = this.drafts.now;
    const offer = offered(this.event, this.queue);
    const left = ABOUT_MAX - lengthOf(clean(draft.about));
    const waiting = this.queue?.raised ?? 0;
    const problem = this.problem?.at === 'text' ? this.problem.words : '';
    return html`<form class="ask__form" novalidate tabindex="-1" aria-labelledby="h-h" @submit=${this.submit} @keydown=${this.key} ${focusInside()}>
      <div class="row row--between">
        <h2 id="h-h">${t.ask}</h2>
        <button class="btn btn--quiet btn--icon" type="button" aria-label=${common().close} @click=${this.close}>${icon('x')}</button>
      </div>
      <p class="small muted">${t.how} ${waiting > 0 ? t.waiting(waiting) : t.nobody}</p>
      <div class="field">
        <label for="h-a">${t.about}</label>
        <input
          class="input"
          id="h-a"
          data-first-focus
          autocomplete="off"
          aria-invalid=${String(problem !== '' || left < 0)}
          aria-describedby="h-left h-error"
          .value=${draft.about}
          @input=${(event: Event) => this.set('about', (event.target as HTMLInputElement).value)}
        />
        <span class="field__hint num" id="h-left">${left < 0 ? viewer().over(-left) : viewer().left(left)}</span>
        <span class="status" data-kind="look" id="h-error" role="alert">${problem}</span>
      </div>
      ${nameField(
        'h-n',
        offer,
        { name: draft.name, problem: this.problem?.at === 'name' ? this.problem.words : '' },
        { name: (value) => this.set('name', value) },
      )}
      <div class="pair">
        ${select({ id: 'h-p', label: viewer().you, all: offer.publics, chosen: draft.public, none: viewer().unsaid, choose: (value) => this.set('public', value), write: onePerson })}
        ${select({ id: 'h-s', label: t.room, all: offer.sites, chosen: draft.room, none: t.elsewhere, choose: (value) => this.set('room', value) })}
      </div>
      ${this.live.state === 'offline' ? html`<p class="small">${status('warn', t.kept, 'look')}</p>` : ''}
      <button class="btn btn--primary btn--wide ask__send" type="submit">${icon('hand')}${t.raise}</button>
    </form>`;
  }

  private set(...[key, value]: Parameters<Drafts['set']>): void {
    this.drafts.set(key, value);
    this.problem = undefined;
    this.requestUpdate();
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.close();
  };

  private readonly submit = (event: Event): void => {
    event.preventDefault();
    this.problem = this.check();
    if (this.problem) return this.querySelector<HTMLElement>(this.problem.at === 'name' ? '#h-n' : '#h-a')?.focus();
    const draft = this.drafts.now;
    const offer = offered(this.event, this.queue);
    const name = offer.names === 'none' ? '' : draft.name.trim();
    const about = draft.about.trim();
    const room = offer.sites.some((one) => one.id === draft.room) ? draft.room : '';
    const who = offer.publics.some((one) => one.id === draft.public) ? draft.public : '';
    this.raise({ ...(name ? { name } : {}), ...(who ? { public: who } : {}), ...(room ? { site: room } : {}), ...(about ? { about } : {}) });
  };

  private check(): Problem | undefined {
    const draft = this.drafts.now;
    const offer = offered(this.event, this.queue);
    const over = lengthOf(clean(draft.about)) - ABOUT_MAX;
    if (over > 0) return { at: 'text', words: viewer().over(over) };
    if (offer.names === 'required' && isEmpty(clean(draft.name))) return { at: 'name', words: viewer().needName };
    return undefined;
  }
}
define('pl-hand-form', HandForm);
