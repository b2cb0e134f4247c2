/** `<pl-ask>`: the ask box, always in reach. Keeps the draft over a reload; a question sent without network leaves later. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { define, Element } from '../../components/element.js';
import { focusInside } from '../../components/drawer.js';
import { nameOf, onePerson, spaced } from '../../components/question.js';
import { icon } from '../../components/icon.js';
import { toggle } from '../../components/parts.js';
import { toast } from '../../components/toast.js';
import { type Connection, Refused } from '../../live/connection.js';
import { local, tab } from '../../live/store.js';
import type { EventInfo, Question, Queue } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { viewer } from '../../locales/viewer.js';
import { alike } from './alike.js';
import type { Votes } from './votes.js';

interface Draft {
  text: string;
  name: string;
  showName: boolean;
  public: string;
  theme: string;
  site: string;
}

export class Ask extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) live!: Connection;
  @property({ attribute: false }) votes!: Votes;
  @property({ attribute: false }) queue: Queue | undefined;
  @property({ attribute: false }) questions: readonly Question[] = [];
  /** Programme time of the picture, asked along with the question. */
  @property({ attribute: false }) playingDate: () => number | undefined = () => undefined;
  @property({ type: Boolean }) over = false;
  /** Set by the page at each drawing: what is shown also depends on the connection and the votes. */
  @property({ attribute: false, hasChanged: () => true }) stamp: unknown;
  @state() open = false;
  @state() private error = '';
  private draft: Draft | undefined;

  private get kept(): Draft {
    this.draft ??= {
      text: '',
      name: local.get('pl-name') ?? '',
      showName: local.get('pl-show-name') === 'true',
      public: local.get(`pl-public/${this.event.id}`) ?? '',
      theme: '',
      site: '',
      ...(JSON.parse(tab.get(`pl-draft/${this.event.id}`) ?? '{}') as Partial<Draft>),
    };
    return this.draft;
  }

  private get names(): 'optional' | 'required' | 'none' {
    const names = this.event.questions.names;
    return names === 'required' || names === 'none' ? names : 'optional';
  }

  private get left(): number {
    return (this.queue?.max_length ?? this.event.questions.max_length) - [...this.kept.text].length;
  }

  private set<K extends keyof Draft>(key: K, value: Draft[K]): void {
    this.kept[key] = value;
    tab.set(`pl-draft/${this.event.id}`, JSON.stringify(this.kept));
    this.error = '';
    this.requestUpdate();
  }

  private close(): void {
    this.open = false;
  }

  protected override render(): TemplateResult {
    const t = viewer();
    const closed = this.over || this.queue?.open === false;
    return html`<section class="ask" aria-label=${t.participate}>
      ${this.open && !closed
        ? this.form()
        : html`<div class="ask__bar">
            ${closed
              ? html`<p class="ask__closed grow" role="status">${this.over ? t.closedAfter : t.closed}</p>`
              : html`<button class="btn btn--primary ask__open" type="button" aria-expanded="false" @click=${() => (this.open = true)}>${t.ask}</button>`}
          </div>`}
    </section>`;
  }

  private form(): TemplateResult {
    const t = viewer();
    const draft = this.kept;
    const left = this.left;
    return html`<form class="ask__form" novalidate tabindex="-1" @submit=${this.submit} @keydown=${this.key} ${focusInside()}>
      <div class="row row--between">
        <h2>${t.yours}</h2>
        <button class="btn btn--quiet btn--icon" type="button" aria-label=${common().close} @click=${() => this.close()}>${icon('x')}</button>
      </div>
      <div class="field">
        <label class="vh" for="a-t">${t.text}</label>
        <textarea
          class="input"
          id="a-t"
          rows="3"
          data-first-focus
          placeholder=${t.placeholder}
          aria-invalid=${String(this.error !== '' || left < 0)}
          aria-describedby="a-left a-error"
          .value=${draft.text}
          @input=${(event: Event) => this.set('text', (event.target as HTMLTextAreaElement).value)}
        ></textarea>
        <span class="field__hint num" id="a-left" aria-live=${left < 20 ? 'polite' : 'off'}>${left < 0 ? t.over(-left) : t.left(left)}</span>
        <span class="status" data-kind="look" id="a-error" role="alert">${this.error}</span>
      </div>
      ${this.similar()}
      ${this.names === 'none'
        ? nothing
        : html`<div class="field">
              <label for="a-n">${this.names === 'required' ? t.nameRequired : t.name}</label>
              <input class="input" id="a-n" maxlength="80" autocomplete="given-name" .value=${draft.name} @input=${(event: Event) => this.set('name', (event.target as HTMLInputElement).value)} />
            </div>
            ${toggle(t.showName, draft.showName, (on) => this.set('showName', on))}`}
      <div class="pair">
        ${this.select('a-p', t.you, 'public', this.event.publics, t.unsaid)} ${this.select('a-s', t.toWhom, 'site', this.event.sites, t.all)}
      </div>
      ${this.select('a-th', t.theme, 'theme', this.event.themes, t.noTheme)}
      <button class="btn btn--primary btn--wide ask__send" type="submit">${icon('send')}${t.send}</button>
    </form>`;
  }

  private select(
    id: string,
    label: string,
    key: 'public' | 'site' | 'theme',
    all: readonly { id: string; name: string; name_en?: string }[],
    none: string,
  ): TemplateResult | typeof nothing {
    if (all.length === 0 || (key === 'site' && all.length < 2)) return nothing;
    return html`<div class="field">
      <label for=${id}>${label}</label>
      <select class="input" id=${id} @change=${(event: Event) => this.set(key, (event.target as HTMLSelectElement).value)}>
        <option value="" ?selected=${this.kept[key] === ''}>${none}</option>
        ${all.map((one) => html`<option value=${one.id} ?selected=${this.kept[key] === one.id}>${key === 'public' ? onePerson(nameOf(one)) : nameOf(one)}</option>`)}
      </select>
    </div>`;
  }

  private similar(): TemplateResult {
    const t = viewer();
    const found = alike(this.kept.text, this.questions);
    return html`<div role="status">
      ${found.length > 0
        ? html`<p class="small strong">${t.alike}</p>
            ${found.map(
              (q) => html`<div class="like">
                <span class="grow">${spaced(q.text)} <span class="muted small nowrap">${common().question(q.number)}</span></span>
                <button
                  class="vote"
                  type="button"
                  aria-pressed=${String(this.votes.mine(q.id))}
                  aria-label=${t.supportInstead(q.number, this.votes.count(q))}
                  @click=${() => this.votes.toggle(q)}
                >
                  ${icon('up', 's')}${this.votes.count(q)}
                </button>
              </div>`,
            )}`
        : nothing}
    </div>`;
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.submit(event);
  };

  private readonly submit = (event: Event): void => {
    event.preventDefault();
    const t = viewer();
    const draft = this.kept;
    const text = draft.text.trim();
    this.error = !text ? t.empty : this.left < 0 ? t.over(-this.left) : this.names === 'required' && !draft.name.trim() ? t.needName : '';
    if (this.error) {
      this.querySelector<HTMLElement>(text ? '[aria-invalid="true"], #a-n' : '#a-t')?.focus();
      return;
    }
    this.send({ ...draft, text });
  };

  private send(draft: Draft): void {
    const t = viewer();
    const name = this.names === 'none' ? '' : draft.name.trim();
    const at = this.playingDate();
    const fields = {
      text: draft.text,
      ...(name ? { name, show_name: draft.showName } : {}),
      ...(draft.public ? { public: draft.public } : {}),
      ...(draft.theme ? { theme: draft.theme } : {}),
      ...(draft.site ? { site: draft.site } : {}),
      ...(at === undefined ? {} : { programme_at: Math.round(at) }),
    };
    local.set('pl-name', name);
    local.set('pl-show-name', String(draft.showName));
    local.set(`pl-public/${this.event.id}`, draft.public);
    tab.remove(`pl-draft/${this.event.id}`);
    this.draft = undefined;
    this.open = false;
    this.live.send<{ number: number }>('ask', fields, true).done.then(
      ({ number }) => toast(t.sent(number)),
      (error: unknown) => {
        if (!(error instanceof Refused)) return;
        // Nothing typed is lost: the box opens again with the text and the reason.
        this.draft = draft;
        this.open = true;
        this.error = t.refused(common().refusal[error.code] ?? error.detail);
      },
    );
    this.dispatchEvent(new CustomEvent('pl-asked', { bubbles: true }));
  }
}
define('pl-ask', Ask);
