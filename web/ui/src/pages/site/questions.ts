/**
 * `<pl-room-questions>`: the questions of the room. The operator writes one after the other; each stays in the list with what
 * becomes of it. Owns draft, offers of similar questions, and what is being taken back.
 */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { define, Element } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { skeletonCards, status } from '../../components/parts.js';
import { nameOf, onePerson, spaced } from '../../components/question.js';
import { toast } from '../../components/toast.js';
import { type Connection, Refused } from '../../live/connection.js';
import type { EventInfo, OwnQuestion, Question, Queue } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { site } from '../../locales/site.js';
import { Similar } from '../viewer/similar.js';
import { Votes } from '../viewer/votes.js';
import { Drafts, type RoomDraft } from './room-draft.js';
import { roomLine } from './room-line.js';

/** Lines shown at once; older ones are one press away. */
const SHOWN = 4;

export class RoomQuestions extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) live!: Connection;
  @property() siteId = '';
  @property() siteName = '';

  private drafts!: Drafts;
  private similar!: Similar;
  private votes!: Votes;
  private stop: (() => void)[] = [];
  private error = '';
  private all = false;
  /** Taken back on the page, and still to be taken back on the server. */
  private readonly leaving = new Set<number>();

  override connectedCallback(): void {
    super.connectedCallback();
    const changed = (): void => this.requestUpdate();
    this.drafts = new Drafts(`pl-room-draft/${this.event.id}/${this.siteId}`);
    this.similar = new Similar(this.live, changed);
    this.votes = new Votes(this.live, (refused) => this.failed(refused));
    this.stop = [this.live.listen(changed), this.votes.listen(changed)];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.similar.stop();
    for (const stop of this.stop) stop();
  }

  protected override firstUpdated(changed: PropertyValues): void {
    super.firstUpdated(changed);
    this.similar.typed(this.drafts.now.text);
  }

  protected override render(): TemplateResult {
    const t = site().questions;
    return html`<section class="panel" aria-labelledby="p-questions">
      <h2 id="p-questions">${t.title}</h2>
      ${this.form()} ${this.list()}
    </section>`;
  }

  private get queue(): Queue | undefined {
    return this.live.topic('public').map.get('queue') as Queue | undefined;
  }

  private form(): TemplateResult {
    const t = site().questions;
    const draft = this.drafts.now;
    const { queue } = this;
    const closed = queue?.open === false;
    const length = queue?.max_length ?? this.event.questions.max_length;
    return html`<form class="stack stack--tight" @submit=${this.submit}>
      ${draft.replaces === undefined
        ? nothing
        : html`<div class="row row--between"><span class="small strong">${t.replaces(draft.replaces)}</span><button class="btn btn--dense btn--quiet" type="button" @click=${() => this.restart()}>${common().undo}</button></div>`}
      <div class="field">
        <label for="s-ask">${t.label}</label>
        <textarea
          class="input"
          id="s-ask"
          rows="2"
          required
          maxlength=${length}
          enterkeyhint="send"
          aria-describedby="s-ask-said"
          aria-invalid=${String(this.error !== '')}
          .value=${draft.text}
          @input=${(event: Event) => this.typed({ text: (event.target as HTMLTextAreaElement).value })}
          @keydown=${this.pressed}
        ></textarea>
      </div>
      ${this.offers()}
      <div class="who">${this.names(queue)} ${this.publics(queue)} <button class="btn btn--primary" type="submit" ?disabled=${closed}>${t.send}</button></div>
      <p class="small said-line" id="s-ask-said" role="status">${this.error ? status('warn', this.error, 'look') : html`<span class="muted">${this.said(closed)}</span>`}</p>
    </form>`;
  }

  private said(closed: boolean): string {
    const t = site().questions;
    if (closed) return common().refusal['closed'] ?? '';
    return this.live.state === 'offline' ? t.offline : t.enter;
  }

  private names(queue: Queue | undefined): TemplateResult | typeof nothing {
    const t = site().questions;
    if (queue?.young) return html`<p class="small muted who__all">${t.young}</p>`;
    if (queue?.names === 'none') return nothing;
    return html`<label class="vh" for="s-name">${t.name}</label>
      <input class="input" id="s-name" maxlength="60" autocomplete="off" placeholder=${t.name} .value=${this.drafts.now.name} @input=${(event: Event) => this.typed({ name: (event.target as HTMLInputElement).value })} />`;
  }

  private publics(queue: Queue | undefined): TemplateResult {
    const t = site().questions;
    const offered = queue?.publics ? this.event.publics.filter(({ id }) => queue.publics?.includes(id)) : this.event.publics;
    const chosen = this.drafts.now.public;
    return html`<label class="vh" for="s-public">${t.public}</label>
      <select class="input" id="s-public" @change=${(event: Event) => this.typed({ public: (event.target as HTMLSelectElement).value })}>
        <option value="" ?selected=${chosen === ''}>${t.noPublic}</option>
        ${offered.map((one) => html`<option value=${one.id} ?selected=${one.id === chosen}>${onePerson(nameOf(one))}</option>`)}
      </select>`;
  }

  /** Asked already? Then the room's voice goes to that one. */
  private offers(): TemplateResult {
    const t = site().questions;
    const found = this.similar.found.filter((question) => question.id !== this.drafts.now.replaces);
    return html`<div class="stack stack--tight" role="status">
      ${found.length === 0 ? nothing : html`<p class="small strong">${t.alike}</p>`}
      ${repeat(
        found,
        (question) => question.id,
        (question) => html`<div class="q q--dense alike">
          <p class="q__text">${spaced(question.text)}</p>
          <button class="vote" type="button" aria-pressed=${String(this.votes.mine(question.id))} aria-label=${t.voteFor(question.number, this.votes.count(question))} @click=${() => this.vote(question)}>
            ${icon('up', 's')}${this.votes.count(question)}
          </button>
        </div>`,
      )}
    </div>`;
  }

  private list(): TemplateResult {
    const t = site().questions;
    const mine = this.live.topic('mine');
    const pending = this.live.unsettled.filter((command) => command.name === 'ask');
    const all = [...mine.map]
      .filter(([key]) => key.startsWith('q/'))
      .map(([, value]) => value as OwnQuestion)
      .filter((question) => question.state !== 'withdrawn' && !this.leaving.has(question.id))
      .sort((a, b) => b.asked_at - a.asked_at || b.id - a.id);
    const kept = this.live.state === 'offline' ? t.kept : t.pending;
    const acts = { edit: (question: OwnQuestion) => this.edit(question), withdraw: (question: OwnQuestion) => this.withdraw(question) };
    return html`<div class="list">
        ${pending.map((command) => html`<article class="q q--dense" data-pending="true"><div class="q__head">${status('clock', kept)}</div><p class="q__text">${String(command.fields['text'])}</p></article>`)}
        ${repeat(this.all ? all : all.slice(0, SHOWN), (question) => question.id, (question) => roomLine(question, this.event.timezone, acts))}
      </div>
      ${mine.loaded ? nothing : skeletonCards(1)} ${all.length > SHOWN && !this.all ? html`<button class="btn btn--quiet" type="button" @click=${this.showAll}>${t.older(all.length - SHOWN)}</button>` : nothing}
      ${mine.loaded && all.length + pending.length === 0 ? html`<p class="small muted">${t.none}</p>` : nothing}`;
  }

  private readonly showAll = (): void => {
    this.all = true;
    this.requestUpdate();
  };

  private typed(change: Partial<RoomDraft>): void {
    this.drafts.set(change);
    this.error = '';
    if (change.text !== undefined) this.similar.typed(change.text);
    this.requestUpdate();
  }

  /** Enter sends, Shift and Enter begins a line; an unfinished accent or syllable is not sent. */
  private readonly pressed = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    (event.target as HTMLTextAreaElement).form?.requestSubmit();
  };

  private readonly submit = (event: Event): void => {
    event.preventDefault();
    const draft = this.drafts.now;
    const text = draft.text.trim();
    if (!text || this.queue?.open === false) return;
    const name = this.queue?.young || this.queue?.names === 'none' ? '' : draft.name.trim() || site().questions.from(this.siteName);
    const fields = { text, ...(name ? { name, show_name: true } : {}), ...(draft.public ? { public: draft.public } : {}) };
    this.drafts.sent();
    this.similar.stop();
    this.requestUpdate();
    this.focusText();
    this.live.send('ask', fields, true).done.then(
      () => draft.replaces !== undefined && this.takeBack(draft.replaces),
      (error: unknown) => {
        // Nothing typed is lost, unless the next one is being typed already.
        if (this.drafts.now.text === '') this.drafts.set(draft);
        this.error = reasonOf(error);
        this.requestUpdate();
      },
    );
  };

  private edit(question: OwnQuestion): void {
    const own = site().questions.from(this.siteName);
    this.drafts.set({ text: question.text, name: question.name === own ? '' : (question.name ?? ''), public: question.public ?? '', replaces: question.id });
    this.requestUpdate();
    this.focusText();
  }

  private restart(): void {
    this.drafts.sent();
    this.similar.stop();
    this.requestUpdate();
    this.focusText();
  }

  private withdraw(question: OwnQuestion): void {
    const t = site().questions;
    this.leaving.add(question.id);
    const back = (): void => {
      this.leaving.delete(question.id);
      this.requestUpdate();
    };
    toast(t.withdrawn(question.number), back, undefined, () => this.takeBack(question.id));
    this.requestUpdate();
    this.focusText();
  }

  private takeBack(question: number): void {
    this.leaving.add(question);
    this.live.send('withdraw', { question }, true).done.catch((error: unknown) => {
      this.leaving.delete(question);
      this.failed(error);
    });
  }

  private vote(question: Question): void {
    const t = site().questions;
    const already = this.votes.mine(question.id);
    this.votes.toggle(question);
    if (already) return;
    const draft = this.drafts.now;
    this.restart();
    toast(t.voted(question.number), () => {
      this.votes.toggle(question);
      this.typed(draft);
    });
  }

  private failed(error: unknown): void {
    toast(reasonOf(error));
    this.requestUpdate();
  }

  private focusText(): void {
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#s-ask')?.focus());
  }
}
define('pl-room-questions', RoomQuestions);

function reasonOf(error: unknown): string {
  const refused = error instanceof Refused ? error : undefined;
  return common().refusal[refused?.code ?? 'unavailable'] ?? refused?.detail ?? '';
}
