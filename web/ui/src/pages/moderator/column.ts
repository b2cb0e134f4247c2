/** The three columns. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { icon, type IconName } from '../../components/icon.js';
import { count, empty, skeletonCards } from '../../components/parts.js';
import type { ModeratedQuestion } from '../../live/wire.js';
import { lang } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import { card, type CardPlace } from './card.js';
import type { ColumnName, KeptOrder, SortOrder } from './columns.js';
import type { Desk } from './desk.js';

export function columns(desk: Desk, loaded: boolean, nowMinute: number): TemplateResult {
  const t = moderator();
  const { lists } = desk;
  const away = desk.sortOrder === 'declined' || desk.sortOrder === 'answered';
  return html`${column('sort', away ? t.orders[desk.sortOrder] : t.sort, lists.sort.length + lists.waiting.length, sortMenu(desk), html`<div class="scroll list" tabindex="0" role="group" aria-label=${t.sortList}>
      ${fresh(desk)} ${loaded ? cards(desk, lists.sort, 'sort', nowMinute) : skeletonCards(5)} ${loaded && lists.sort.length === 0 ? nothingIn(desk, away ? 'emptyDeclined' : 'emptySort', 'check') : nothing}
    </div>`)}
  ${column('kept', t.kept, lists.kept.length, keptMenu(desk), html`<div
      class="scroll list"
      tabindex="0"
      role="group"
      aria-label=${t.keptList}
      @pointerenter=${() => (desk.readingKept = true)}
      @pointerleave=${() => ((desk.readingKept = false), desk.changed())}
    >
      ${loaded ? cards(desk, lists.kept, 'kept', nowMinute) : skeletonCards(4)} ${loaded && lists.kept.length === 0 ? nothingIn(desk, 'emptyKept', 'list') : nothing}
    </div>`)}
  ${column('running', t.running, lists.running.length, nothing, html`<div class="scroll list" tabindex="0" role="group" aria-label=${t.runningList}>
      ${loaded ? stageCards(desk, lists.running, nowMinute) : skeletonCards(3)} ${loaded && lists.running.length === 0 ? nothingIn(desk, 'emptyRunning', 'next') : nothing}
    </div>`)}`;
}

function column(name: ColumnName, title: string, size: number, menu: TemplateResult | typeof nothing, body: TemplateResult): TemplateResult {
  return html`<section class="col" data-column=${name} aria-labelledby=${`c-${name}`}>
    <div class="col__head"><h2 id=${`c-${name}`}>${title}</h2>${count(size)}${menu}</div>
    ${body}
  </section>`;
}

function fresh(desk: Desk): TemplateResult | typeof nothing {
  const n = desk.lists.waiting.length;
  if (n === 0) return nothing;
  return html`<button class="fresh" type="button" @click=${() => desk.revealArrivals()}>${icon(desk.sortOrder === 'oldest' ? 'down' : 'up', 's')}${moderator().fresh(n)}</button>`;
}

function cards(desk: Desk, list: readonly ModeratedQuestion[], column: ColumnName, nowMinute: number): unknown {
  return repeat(
    list,
    (question) => question.id,
    (question) => guarded(desk, question, { column }, nowMinute),
  );
}

function stageCards(desk: Desk, list: readonly ModeratedQuestion[], nowMinute: number): unknown {
  const staged = list.filter((question) => question.state === 'staged');
  return repeat(
    list,
    (question) => question.id,
    (question) => {
      const index = staged.indexOf(question);
      return guarded(desk, question, index < 0 ? { column: 'running' } : { column: 'running', staged: { index, of: staged.length } }, nowMinute);
    },
  );
}

/** A card is drawn again only when something it shows has changed: five hundred of them stay cheap. */
function guarded(desk: Desk, question: ModeratedQuestion, place: CardPlace, nowMinute: number): unknown {
  const shows = [question, desk.pending(question.id), desk.chosen === question.id, place.staged?.index, place.staged?.of, nowMinute, lang()];
  return guard(shows, () => card(desk, question, place, nowMinute));
}

function nothingIn(desk: Desk, which: 'emptySort' | 'emptyDeclined' | 'emptyKept' | 'emptyRunning', glyph: IconName): TemplateResult {
  const t = moderator();
  const words = desk.search ? t.emptySearch : t[which];
  return empty(desk.search ? 'search' : glyph, words.title, words.text, nothing, 3);
}

function sortMenu(desk: Desk): TemplateResult {
  const t = moderator();
  const option = (value: SortOrder): TemplateResult => html`<option value=${value} ?selected=${desk.sortOrder === value}>${t.orders[value]}</option>`;
  return html`<select
    class="menu"
    aria-label=${t.order}
    @change=${(event: Event) => {
      desk.sortOrder = (event.target as HTMLSelectElement).value as SortOrder;
      desk.changed();
    }}
  >
    <optgroup label=${t.ordersGroup}>${option('oldest')}${option('newest')}${option('votes')}</optgroup>
    <optgroup label=${t.putAway}>${option('declined')}${option('answered')}</optgroup>
  </select>`;
}

function keptMenu(desk: Desk): TemplateResult {
  const t = moderator();
  const orders: readonly KeptOrder[] = ['votes', 'oldest', 'balance'];
  return html`<select
    class="menu"
    aria-label=${t.order}
    @change=${(event: Event) => {
      desk.keptOrder = (event.target as HTMLSelectElement).value as KeptOrder;
      desk.changed();
    }}
  >
    ${orders.map((value) => html`<option value=${value} ?selected=${desk.keptOrder === value}>${t.orders[value]}</option>`)}
  </select>`;
}
