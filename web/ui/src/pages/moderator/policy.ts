/** The rules of the queue in a dialog: those of now, or those that a session brings with it. Owns what is typed until it is sent. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { Element, define } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { segments, toggle } from '../../components/parts.js';
import { nameOf } from '../../components/question.js';
import { toast } from '../../components/toast.js';
import { Refused, type Connection } from '../../live/connection.js';
import type { EventInfo, Policy, PolicyView } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { moderator } from '../../locales/moderator.js';
import { rules } from '../../locales/moderator-rules.js';

type Count = 'slow_mode_s' | 'per_person' | 'per_person_per_min' | 'per_address_per_min' | 'max_length';
/** Each with the least and the most the server takes. */
const COUNTS: readonly (readonly [Count, number, number])[] = [
  ['slow_mode_s', 0, 3600],
  ['per_person', 1, 1000],
  ['per_person_per_min', 0, 1000],
  ['per_address_per_min', 0, 1_000_000],
  ['max_length', 20, 4000],
];

export class Rules extends Element {
  @property({ attribute: false }) live: Connection | undefined;
  @property({ attribute: false }) event: EventInfo | undefined;
  /** Empty: the rules of now. */
  #session = '';
  #draft: Partial<Policy> = {};
  #sending = false;
  #problem = '';

  open(): void {
    this.#draft = {};
    this.#problem = '';
    this.#session = '';
    this.requestUpdate();
    const dialog = this.querySelector('dialog');
    if (dialog && !dialog.open) dialog.showModal();
  }

  get #view(): PolicyView | undefined {
    return this.live?.topic('moderation').map.get('policy') as PolicyView | undefined;
  }

  /** Whether this session has rules of its own. */
  #own(session: string): boolean {
    return this.#view?.sessions?.[session] !== undefined;
  }

  /** What stands now, or what will stand in the chosen session, with what was typed over it. */
  get #policy(): Policy | undefined {
    const view = this.#view;
    return view && { ...view, ...(this.#session ? view.sessions?.[this.#session] : {}), ...this.#draft };
  }

  protected override render(): TemplateResult {
    const t = rules();
    const policy = this.#policy;
    return html`<dialog class="panel sheet" aria-labelledby="m-rules-title">
      <div class="panel__head">
        <h2 id="m-rules-title">${t.title}</h2>
        <form method="dialog"><button class="btn btn--quiet btn--icon" aria-label=${common().close}>${icon('x')}</button></form>
      </div>
      <form class="panel__body sheet__body stack" @submit=${(event: Event) => this.#save(event)}>
        ${policy ? this.#fields(policy) : html`<p class="skeleton" role="status" aria-label=${common().loading}></p>`}
      </form>
    </dialog>`;
  }

  #fields(policy: Policy): TemplateResult {
    const t = rules();
    return html`${this.#when()} ${this.#open(policy)}
      <div class="twofields">
        ${COUNTS.map(([name, least, most]) => this.#count(name, policy[name], least, most))}
        <div class="field">
          <label for="m-names">${t.names}</label>
          <select class="input" id="m-names" ?disabled=${policy.young} @change=${(event: Event) => this.#set({ names: (event.target as HTMLSelectElement).value as Policy['names'] })}>
            ${(['none', 'optional', 'required'] as const).map((one) => html`<option value=${one} ?selected=${policy.names === one}>${t.namesOf[one]}</option>`)}
          </select>
        </div>
      </div>
      ${this.#offered('themes', policy)} ${this.#offered('publics', policy)}
      ${this.#problem ? html`<p class="banner" data-kind="look" role="alert">${icon('warn')}<span class="grow">${this.#problem}</span></p>` : nothing}
      <div class="row sheet__foot">
        <button class="btn btn--primary" type="submit" aria-busy=${String(this.#sending)} ?disabled=${Object.keys(this.#draft).length === 0}>${moderator().save}</button>
        ${this.#own(this.#session) ? html`<button class="btn" type="button" ?disabled=${this.#sending} @click=${() => void this.#send({ rules: null })}>${t.asEvent}</button>` : nothing}
        <span class="small muted">${this.#session ? t.laterNote : t.nowNote}</span>
      </div>`;
  }

  #when(): TemplateResult {
    const t = rules();
    const choose = (event: Event): void => {
      this.#session = (event.target as HTMLSelectElement).value;
      this.#draft = {};
      this.requestUpdate();
    };
    return html`<div class="field">
      <label for="m-when">${t.when}</label>
      <select class="input" id="m-when" @change=${choose}>
        <option value="" ?selected=${this.#session === ''}>${t.now}</option>
        ${this.event?.sessions.map((one, index) => html`<option value=${one.id} ?selected=${this.#session === one.id}>${t.session(index + 1, one.title, this.#own(one.id))}</option>`)}
      </select>
    </div>`;
  }

  #open(policy: Policy): TemplateResult {
    const t = moderator();
    return html`<div class="stack stack--tight">
      ${toggle(t.open, policy.open, (open) => this.#set({ open }))} ${toggle(rules().hands, policy.hands, (hands) => this.#set({ hands }))}
      ${toggle(rules().young, policy.young, (young) => this.#set({ young }))}
      <p class="small muted">${rules().youngNote}</p>
      ${policy.young
        ? nothing
        : segments(t.when, [['before', t.before], ['after', t.after]] as const, policy.moderation, (moderation) => this.#set({ moderation }))}
    </div>`;
  }

  #count(name: Count, value: number, least: number, most: number): TemplateResult {
    const typed = (event: Event): void => {
      const field = event.target as HTMLInputElement;
      if (field.value !== '' && field.checkValidity()) this.#set({ [name]: Number(field.value) });
    };
    return html`<div class="field">
      <label for=${`m-${name}`}>${rules().counts[name]}</label>
      <input class="input num" id=${`m-${name}`} type="number" min=${least} max=${most} step="1" .value=${String(value)} @change=${typed} />
    </div>`;
  }

  /** Which ids are offered; all of them is null, so that a later one is offered too. */
  #offered(axis: 'themes' | 'publics', policy: Policy): TemplateResult | typeof nothing {
    const all = this.event?.[axis] ?? [];
    if (all.length === 0) return nothing;
    const offered = new Set(policy[axis] ?? all.map((one) => one.id));
    const change = (id: string, on: boolean): void => {
      if (on) offered.add(id);
      else offered.delete(id);
      this.#set({ [axis]: offered.size === all.length ? null : all.map((one) => one.id).filter((one) => offered.has(one)) });
    };
    return html`<fieldset>
      <legend>${rules()[axis]}</legend>
      <div class="checks">
        ${all.map(
          (one) => html`<label class="tick"><input type="checkbox" .checked=${offered.has(one.id)} @change=${(event: Event) => change(one.id, (event.target as HTMLInputElement).checked)} />${nameOf(one)}</label>`,
        )}
      </div>
    </fieldset>`;
  }

  #set(change: Partial<Policy>): void {
    this.#draft = { ...this.#draft, ...change };
    this.requestUpdate();
  }

  #save(event: Event): void {
    event.preventDefault();
    void this.#send(this.#draft);
  }

  /** Sends rules for now or for the chosen session; `rules: null` leaves that one none of its own. */
  async #send(change: Partial<Policy> | { rules: null }): Promise<void> {
    if (this.live?.state === 'offline') this.#problem = moderator().offlineRefused;
    else {
      this.#sending = true;
      this.requestUpdate();
      try {
        await this.live?.send('policy', { ...(this.#session ? { session: this.#session } : {}), ...change }).done;
        this.#problem = '';
        this.#draft = {};
        this.querySelector('dialog')?.close();
        toast(rules().saved);
      } catch (error) {
        this.#problem = error instanceof Refused ? (common().refusal[error.code] ?? error.detail) : moderator().offlineRefused;
      }
      this.#sending = false;
    }
    this.requestUpdate();
  }
}
define('pl-mod-rules', Rules);
