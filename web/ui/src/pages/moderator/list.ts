/**
 * A list of cards of which only those in sight (and the chosen one) are in the page: a thousand cost what twenty cost.
 * Owns what is drawn and where the list stands; the cards are drawn by whoever made the rows.
 */
import { html, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { Element, define } from '../../components/element.js';
import { offsetOf, pieces, span, type Span } from './window.js';

export interface Row {
  id: number;
  draw(index: number, of: number): unknown;
}

/** Room between two cards: `--s-2`. */
const GAP_PX = 8;
/** Drawn beyond what is in sight, so that scrolling finds cards. */
const OVER_PX = 500;
/** A card's height until one has been measured. */
const GUESS_PX = 124;

export class CardList extends Element {
  @property({ attribute: false }) rows: readonly Row[] = [];
  @property({ attribute: false }) chosen: number | undefined;

  #heights = new Map<number, number>();
  #guess = GUESS_PX;
  #top = 0;
  #view = 1200;
  #drawn: Span = { from: 0, to: 0 };
  #frame = 0;
  #seen = new Set<globalThis.Element>();
  #sizes = new ResizeObserver((entries) => this.#measured(entries));

  override connectedCallback(): void {
    super.connectedCallback();
    // Captured: on a phone the document scrolls, elsewhere the column.
    addEventListener('scroll', this.#soon, { capture: true, passive: true });
    addEventListener('resize', this.#soon);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('scroll', this.#soon, { capture: true });
    removeEventListener('resize', this.#soon);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#sizes.disconnect();
    this.#seen.clear();
  }

  /** Brings a card into sight and gives it back, once drawn. */
  async reveal(id: number): Promise<HTMLElement | null> {
    const index = this.rows.findIndex((row) => row.id === id);
    if (index < 0) return null;
    await this.updateComplete;
    if (!this.#card(id)) {
      const scroller = this.closest<HTMLElement>('.scroll');
      scroller?.scrollTo({ top: offsetOf(this.#all(), GAP_PX, index) - scroller.clientHeight / 2 });
      this.#place();
      this.requestUpdate();
      await this.updateComplete;
    }
    const card = this.#card(id);
    card?.scrollIntoView({ block: 'nearest' });
    return card;
  }

  protected override render(): TemplateResult {
    const heights = this.#all();
    this.#drawn = span(heights, GAP_PX, this.#top, this.#view, OVER_PX);
    const also = this.rows.findIndex((row) => row.id === this.chosen);
    const parts = pieces(heights, GAP_PX, this.#drawn, also);
    return html`${repeat(
      parts,
      (part) => ('row' in part ? this.rows[part.row]?.id : `space-${part.before === this.rows.length ? 'end' : part.before === this.#drawn.from ? 'start' : 'also'}`),
      (part) => ('row' in part ? this.rows[part.row]?.draw(part.row, this.rows.length) : html`<div aria-hidden="true" style=${`height:${Math.max(0, part.space)}px`}></div>`),
    )}`;
  }

  protected override updated(): void {
    const here = new Set<globalThis.Element>(this.querySelectorAll(':scope > [data-id]'));
    for (const card of here) if (!this.#seen.has(card)) this.#sizes.observe(card);
    for (const card of this.#seen) if (!here.has(card)) this.#sizes.unobserve(card);
    this.#seen = here;
    this.#soon();
  }

  #card(id: number): HTMLElement | null {
    return this.querySelector<HTMLElement>(`:scope > [data-id="${id}"]`);
  }

  #all(): number[] {
    return this.rows.map((row) => this.#heights.get(row.id) ?? this.#guess);
  }

  readonly #soon = (): void => {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#place();
      const { from, to } = span(this.#all(), GAP_PX, this.#top, this.#view, OVER_PX);
      if (from !== this.#drawn.from || to !== this.#drawn.to) this.requestUpdate();
    });
  };

  /** Where the sight stands over the list. Reads the layout: once a frame at most. */
  #place(): void {
    const scroller = this.closest('.scroll')?.getBoundingClientRect();
    const top = Math.max(0, scroller?.top ?? 0);
    this.#top = top - this.getBoundingClientRect().top;
    this.#view = Math.max(0, Math.min(innerHeight, scroller?.bottom ?? innerHeight) - top);
  }

  #measured(entries: ResizeObserverEntry[]): void {
    let changed = false;
    for (const { target, borderBoxSize } of entries) {
      const id = Number((target as HTMLElement).dataset['id']);
      const height = borderBoxSize[0]?.blockSize ?? 0;
      // A hidden column has no heights.
      if (height === 0 || Math.abs((this.#heights.get(id) ?? 0) - height) < 0.5) continue;
      this.#heights.set(id, height);
      changed = true;
    }
    if (!changed) return;
    const known = [...this.#heights.values()];
    this.#guess = known.reduce((sum, height) => sum + height, 0) / known.length;
    this.#soon();
  }
}
define('pl-mod-list', CardList);
