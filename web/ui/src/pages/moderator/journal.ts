/**
 * The journal of the queue in a dialog: who did what, newest first; older ones on demand. Owns what it has read; decides
 * nothing.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { Element, define } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { empty, failed, toggle } from '../../components/parts.js';
import { Refused, type Connection } from '../../live/connection.js';
import type { JournalEntry } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { journal } from '../../locales/moderator-journal.js';
import { said } from './history.js';

type Line = JournalEntry & { seq: number };

/** Drawn at once; more on demand. */
const PAGE = 100;

export class Journal extends Element {
  @property({ attribute: false }) live: Connection | undefined;
  @property() zone = '';
  /** Opens a question of the journal. */
  @property({ attribute: false }) show: (question: number) => void = () => undefined;
  /** The number people know a question by. */
  @property({ attribute: false }) numberOf: (question: number) => number = (id) => id;

  /** Claims come and go all the time: shown on demand. */
  #claims = false;
  #older: Line[] = [];
  #shown = PAGE;
  #end = false;
  #asking = false;
  #problem = '';
  #stop: (() => void) | undefined;

  open(): void {
    this.live?.subscribe('journal');
    this.#stop ??= this.live?.listen(() => this.#dialog?.open && this.requestUpdate());
    void this.updateComplete.then(() => this.#dialog?.open || this.#dialog?.showModal());
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#stop = undefined;
  }

  get #dialog(): HTMLDialogElement | null {
    return this.querySelector('dialog');
  }

  /** Newest first. */
  get #lines(): Line[] {
    const lines = new Map<number, Line>();
    for (const line of this.#older) lines.set(line.seq, line);
    for (const [key, value] of this.live?.topic('journal').map ?? []) {
      const seq = Number(key.replace('e/', ''));
      if (key.startsWith('e/')) lines.set(seq, { ...(value as JournalEntry), seq });
    }
    return [...lines.values()].sort((a, b) => b.seq - a.seq);
  }

  get #wanted(): Line[] {
    return this.#claims ? this.#lines : this.#lines.filter(({ what }) => what !== 'claimed' && what !== 'released');
  }

  protected override render(): TemplateResult {
    const t = journal();
    return html`<dialog class="panel sheet" aria-labelledby="m-journal-title">
      <div class="panel__head">
        <h2 id="m-journal-title">${t.title}</h2>
        <form method="dialog"><button class="btn btn--quiet btn--icon" aria-label=${common().close}>${icon('x')}</button></form>
      </div>
      <div class="panel__body sheet__body" tabindex="0" role="region" aria-label=${t.title}>${this.#dialog?.open ? this.#body() : nothing}</div>
    </dialog>`;
  }

  #body(): TemplateResult {
    const t = journal();
    const topic = this.live?.topic('journal');
    if (!topic?.loaded) return this.live?.state === 'offline' ? failed(t.failed, () => this.live?.retry()) : html`<p class="skeleton" role="status" aria-label=${common().loading}></p>`;
    const lines = this.#wanted;
    if (lines.length === 0) return empty('list', t.emptyTitle, t.emptyText, nothing, 3);
    const more = lines.length > this.#shown || !this.#end;
    return html`${toggle(t.claims, this.#claims, (on) => ((this.#claims = on), this.requestUpdate()))}
      <ol class="journal" role="list">
        ${lines.slice(0, this.#shown).map((line) => this.#line(line))}
      </ol>
      ${this.#problem ? failed(this.#problem, () => void this.#more()) : nothing}
      ${more && !this.#problem ? html`<button class="btn btn--wide" type="button" aria-busy=${String(this.#asking)} @click=${() => void this.#more()}>${t.older}</button>` : nothing}`;
  }

  #line(line: Line): TemplateResult {
    const { question } = line;
    return html`<li>
      <time class="num muted">${time(line.at, this.zone, true)}</time>
      <span>${said(line, this.numberOf)}</span>
      ${question === undefined ? nothing : html`<button class="btn btn--quiet btn--dense" type="button" aria-label=${common().question(this.numberOf(question))} @click=${() => this.#go(question)}>${this.numberOf(question)}</button>`}
    </li>`;
  }

  #go(question: number): void {
    this.#dialog?.close();
    this.show(question);
  }

  /** The next page: from what is known, else from the server. */
  async #more(): Promise<void> {
    const lines = this.#lines;
    this.#shown += PAGE;
    this.#problem = '';
    if (this.#wanted.length < this.#shown && !this.#end && !this.#asking) {
      this.#asking = true;
      this.requestUpdate();
      try {
        const before = lines.at(-1)?.seq ?? 0;
        const { entries = [] } = (await this.live?.send<{ entries?: (JournalEntry & { seq?: number })[] }>('history', { before }).done) ?? {};
        // Entries without a number of their own come right before the oldest known.
        this.#older.push(...entries.map((entry, index) => ({ ...entry, seq: entry.seq ?? before - entries.length + index })));
        this.#end = entries.length === 0;
      } catch (error) {
        this.#problem = error instanceof Refused ? (common().refusal[error.code] ?? error.detail) : journal().failed;
      }
      this.#asking = false;
    }
    this.requestUpdate();
  }
}
define('pl-mod-journal', Journal);
