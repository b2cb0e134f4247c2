/**
 * `<pl-others>`: everybody's questions, one vote button each. Nothing moves while somebody reads or points there; five hundred
 * questions are drawn without a stutter, only those that changed.
 */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { define, Element } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { segments } from '../../components/parts.js';
import { spaced, who } from '../../components/question.js';
import type { Connection } from '../../live/connection.js';
import { local } from '../../live/store.js';
import type { EventInfo, Question } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { lang } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';
import { plain } from './alike.js';
import { Order, type Shown, type Sort } from './order.js';
import type { Votes } from './votes.js';

/** From this many on there is a search field. */
const MANY = 12;
/** After the last touch the person is taken to be reading still. */
const TOUCH_MS = 6000;
/** With nobody there the order still changes no more often than this: a list that never rests cannot be read. */
const CALM_MS = 2000;

export class Others extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) live!: Connection;
  @property({ attribute: false }) votes!: Votes;
  /** Id of the question on air in the picture shown: it is above, not here. */
  @property({ attribute: false }) onAir: number | undefined;
  @state() private sort: Sort = local.get('pl-sort') === 'recent' ? 'recent' : 'top';
  @state() private search = '';
  /** The question a link led to. */
  @state() private found: number | undefined;
  private readonly order = new Order();
  private stops: (() => void)[] = [];
  private drawn: unknown[] = [];
  private over = false;
  private inside = false;
  private touched = -Infinity;
  private timer = 0;
  /** The person asked for the true order. */
  private renewed = false;
  private made = -Infinity;
  private watch: IntersectionObserver | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    const live = (): void => {
      // Everything the page hears comes by here; only these two change the list.
      const now = [this.live.topic('public').map, this.live.topic('mine').map];
      if (now.some((map, index) => map !== this.drawn[index])) this.requestUpdate();
    };
    this.stops = [this.live.listen(live), this.votes.listen(() => this.requestUpdate())];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stops) stop();
    this.watch?.disconnect();
    this.watch = undefined;
    clearTimeout(this.timer);
  }

  /** Shows one question of the list and puts the focus on it. */
  async reveal(id: number): Promise<void> {
    this.search = '';
    this.found = id;
    await this.updateComplete;
    const place = this.querySelector<HTMLElement>(`#q-${id}`);
    place?.scrollIntoView({ block: 'center' });
    place?.focus({ preventScroll: true });
  }

  protected override render(): TemplateResult {
    const t = viewer();
    const open = this.open();
    const held = this.held;
    const shown = this.order.show(open, this.sort, held || this.calm());
    const list = this.matching(shown);
    return html`<section
      class="list others"
      aria-labelledby="h-all"
      @pointerenter=${(event: PointerEvent) => this.point(event, true)}
      @pointerleave=${(event: PointerEvent) => this.point(event, false)}
      @pointerdown=${this.touch}
      @focusin=${() => (this.inside = true)}
      @focusout=${() => this.left()}
    >
      <div class="row row--between others__head">
        <h2 id="h-all" tabindex="-1">${t.theirs}</h2>
        ${segments(t.sort, [['top', t.top], ['recent', t.recent]] as const, this.sort, (value) => this.sortBy(value))}
      </div>
      ${open.length > MANY || this.search ? this.searchField(list.length) : nothing}
      ${open.length === 0 && list.length === 0 ? html`<p class="muted small">${t.noneOthers}</p>` : nothing}
      ${repeat(
        list,
        (q) => q.id,
        (q) => {
          const gone = shown.gone.has(q.id);
          const about = [q, gone, this.votes.mine(q.id), this.votes.count(q), this.votes.pending(q.id), this.found === q.id, lang()];
          return guard(about, () => this.card(q, gone));
        },
      )}
      ${held ? this.bar(shown) : nothing}
    </section>`;
  }

  protected override updated(_changed: PropertyValues): void {
    if (this.watch) return;
    const head = this.querySelector('.others__head');
    if (!head) return;
    // Its head in sight again: the person has left the list, and the order may be the true one.
    this.watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && this.requestUpdate());
    this.watch.observe(head);
  }

  /** The order was made a moment ago: it may rest, and is looked at again afterwards. */
  private calm(): boolean {
    const now = performance.now();
    const left = this.made + CALM_MS - now;
    if (left <= 0 || this.renewed) {
      this.renewed = false;
      this.made = now;
      return false;
    }
    this.later(left);
    return true;
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.requestUpdate(), ms + 20);
  }

  /** Somebody reads or points here: by mouse, by keyboard, by a touch just now, or by having scrolled into it. */
  private get held(): boolean {
    if (this.renewed) return false;
    return this.over || this.inside || this.scrolledInto() || performance.now() - this.touched < TOUCH_MS;
  }

  /** Its head has gone up out of sight: under the picture on a phone, out of the panel on a desk. */
  private scrolledInto(): boolean {
    const head = this.querySelector('.others__head')?.getBoundingClientRect();
    if (!head) return false;
    const panel = this.closest('.scroll')?.getBoundingClientRect().top ?? 0;
    const picture = document.querySelector('.player')?.getBoundingClientRect();
    const above = picture && picture.width >= innerWidth - 1 ? picture.bottom : 0;
    return head.bottom <= Math.max(0, panel, above);
  }

  /** Questions that may be supported, but one's own and the one on air. */
  private open(): Question[] {
    const all = this.live.topic('public').map;
    const mine = this.live.topic('mine').map;
    this.drawn = [all, mine];
    const open: Question[] = [];
    for (const [key, value] of all) {
      if (!key.startsWith('q/') || mine.has(key)) continue;
      const q = value as Question;
      const notYetSeen = q.state === 'on_air' && this.onAir !== q.id;
      if (q.state === 'approved' || q.state === 'staged' || notYetSeen) open.push(q);
    }
    return open;
  }

  private matching({ list }: Shown): readonly Question[] {
    const wanted = plain(this.search).split(/\s+/).filter(Boolean);
    if (wanted.length === 0) return list;
    return list.filter((q) => {
      const text = plain(`${q.number} ${q.text} ${who(this.event, q, false)}`);
      return wanted.every((word) => text.includes(word));
    });
  }

  private searchField(hits: number): TemplateResult {
    const t = viewer();
    return html`<div class="search">
      ${icon('search')}
      <input
        class="input"
        type="search"
        aria-label=${t.search}
        placeholder=${t.search}
        .value=${this.search}
        @input=${(event: Event) => (this.search = (event.target as HTMLInputElement).value)}
      />
      <p class=${this.search && hits === 0 ? 'muted small others__none' : 'vh'} role="status">${this.search ? t.hits(hits) : ''}</p>
    </div>`;
  }

  private card(q: Question, gone: boolean): TemplateResult {
    const t = viewer();
    const mine = this.votes.mine(q.id);
    const count = this.votes.count(q);
    const united = q.merged ? t.unites(q.merged + 1) : '';
    return html`<article
      class="q q--dense q--vote"
      id=${`q-${q.id}`}
      tabindex="-1"
      aria-current=${this.found === q.id ? 'true' : nothing}
      ?data-gone=${gone}
    >
      <p class="q__text">${spaced(q.text)}</p>
      <p class="q__who">${gone ? this.goneWords(q.id) : [who(this.event, q), united].filter(Boolean).join(', ')}</p>
      <button
        class="vote"
        type="button"
        aria-pressed=${String(mine)}
        ?data-pending=${this.votes.pending(q.id)}
        ?disabled=${gone}
        aria-label=${t.support(q.number, count, mine)}
        @click=${() => this.votes.toggle(q)}
      >
        ${icon('up', 's')}${count}
      </button>
    </article>`;
  }

  /** It keeps its place while somebody reads, and says what became of it. */
  private goneWords(id: number): string {
    const now = this.live.topic('public').map.get(`q/${id}`) as Question | undefined;
    return now ? common().state[now.state] : viewer().noLonger;
  }

  private bar({ fresh, stale }: Shown): TemplateResult | typeof nothing {
    const t = viewer();
    if (!stale || this.search) return nothing;
    return html`<button class="fresh others__bar" type="button" @click=${this.renew}>${icon('refresh', 's')}${fresh > 0 ? t.fresh(fresh) : t.sorted}</button>`;
  }

  private readonly renew = (): void => {
    this.renewed = true;
    this.requestUpdate();
    const head = this.querySelector<HTMLElement>('#h-all');
    head?.focus({ preventScroll: true });
    head?.closest('.others')?.scrollIntoView({ block: 'start' });
  };

  private sortBy(sort: Sort): void {
    local.set('pl-sort', sort);
    this.sort = sort;
    this.renewed = true;
    this.requestUpdate();
  }

  private point(event: PointerEvent, over: boolean): void {
    if (event.pointerType === 'mouse') this.over = over;
    if (!over) this.requestUpdate();
  }

  private readonly touch = (event: PointerEvent): void => {
    if (event.pointerType === 'mouse') return;
    this.touched = performance.now();
    this.later(TOUCH_MS);
  };

  private left(): void {
    this.inside = false;
    this.found = undefined;
    this.requestUpdate();
  }
}
define('pl-others', Others);
