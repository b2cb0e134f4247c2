/** The three columns. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { icon, type IconName } from '../../components/icon.js';
import { count, empty, failed, skeletonCards } from '../../components/parts.js';
import type { ModeratedQuestion } from '../../live/wire.js';
import { lang } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import { card, type CardPlace } from './card.js';
import { CLOSED, isClosed, type ColumnName, type KeptOrder, type SortOrder } from './columns.js';
import type { Desk } from './desk.js';
import { hands } from './hand-list.js';
import { countOf } from './filters.js';
import type { Row } from './list.js';
import './list.js';

/** What a list can be besides full: on its way, or not to be had for now. */
export type Loaded = 'loaded' | 'loading' | 'failed';

export function columns(desk: Desk, loaded: Loaded, nowMinute: number): TemplateResult {
  return html`${sortColumn(desk, loaded, nowMinute)}${keptColumn(desk, loaded, nowMinute)}${runningColumn(desk, loaded, nowMinute)}`;
}

function sortColumn(desk: Desk, loaded: Loaded, nowMinute: number): TemplateResult {
  const t = moderator();
  const { lists } = desk;
  const away = isClosed(desk.sortOrder);
  const title = isClosed(desk.sortOrder) ? t.orders[desk.sortOrder] : t.sort;
  const size = lists.held.length + lists.sort.length + lists.waiting.length;
  const quarantine = lists.held.length > 0 ? heldGroup(desk, nowMinute) : nothing;
  return column(desk, 'sort', title, size, sortMenu(desk), html`<div class="scroll" tabindex="0" role="group" aria-label=${t.sortList}>
      <p class="vh" role="status">${desk.announced}</p>
      ${fresh(desk)} ${quarantine}
      ${state(desk, loaded, 5, size === 0 || (lists.sort.length === 0 && lists.held.length === 0), away ? 'emptyDeclined' : 'emptySort', 'check')}
      ${lists.sort.length > 0 ? cards(desk, lists.sort, t.sortList, (index, of) => ({ column: 'sort', index, of }), nowMinute) : nothing}
    </div>`);
}

/** Held ones are a group of their own, that can be folded away. */
function heldGroup(desk: Desk, nowMinute: number): TemplateResult {
  const t = moderator();
  const fold = (): void => {
    desk.heldOpen = !desk.heldOpen;
    desk.changed();
  };
  const { held } = desk.lists;
  return html`<div class="group" data-open=${String(desk.heldOpen)}>
      <h3><button class="btn btn--quiet btn--dense" type="button" aria-expanded=${String(desk.heldOpen)} @click=${fold}>${icon('warn', 's')}${t.heldGroup}${count(held.length)}${icon('chev', 's')}</button></h3>
      ${desk.heldOpen ? cards(desk, held, t.heldGroup, (index, of) => ({ column: 'sort', index, of }), nowMinute) : nothing}
    </div>
    ${desk.lists.sort.length > 0 ? html`<h3 class="group__next">${t.orders.received}${count(desk.lists.sort.length)}</h3>` : nothing}`;
}

function keptColumn(desk: Desk, loaded: Loaded, nowMinute: number): TemplateResult {
  const t = moderator();
  const { kept } = desk.lists;
  return column(desk, 'kept', t.kept, kept.length, keptMenu(desk), html`<div
      class="scroll"
      tabindex="0"
      role="group"
      aria-label=${t.keptList}
      @pointerenter=${() => (desk.readingKept = true)}
      @pointerleave=${() => ((desk.readingKept = false), desk.changed())}
    >
      ${state(desk, loaded, 4, kept.length === 0, 'emptyKept', 'list')}
      ${kept.length > 0 ? cards(desk, kept, t.keptList, (index, of) => ({ column: 'kept', index, of }), nowMinute) : nothing}
    </div>`);
}

function runningColumn(desk: Desk, loaded: Loaded, nowMinute: number): TemplateResult {
  const t = moderator();
  const { running } = desk.lists;
  const ahead = running.filter((question) => question.state !== 'staged').length;
  const staged = running.length - ahead;
  const place = (index: number, of: number): CardPlace => ({ column: 'running', index, of, ...(index >= ahead ? { staged: { index: index - ahead, of: staged } } : {}) });
  return column(desk, 'running', t.running, running.length, nothing, html`<div class="scroll" tabindex="0" role="group" aria-label=${t.runningList}>
      ${state(desk, loaded, 3, running.length === 0, 'emptyRunning', 'next')}
      ${running.length > 0 ? cards(desk, running, t.runningList, place, nowMinute) : nothing}
    </div>
    ${loaded === 'loaded' ? hands(desk) : nothing}`);
}

function column(desk: Desk, name: ColumnName, title: string, size: number, menu: TemplateResult | typeof nothing, body: TemplateResult): TemplateResult {
  const key = { sort: '1', kept: '2', running: '3' }[name];
  return html`<section class="col" data-column=${name} aria-labelledby=${`c-${name}`}>
    <div class="col__head">
      <h2 id=${`c-${name}`}><button class="col__name" type="button" title=${moderator().columnKey(key)} @click=${() => desk.goColumn(name)}>${title}</button></h2>
      ${count(size)}${menu}
    </div>
    ${body}
  </section>`;
}

function fresh(desk: Desk): TemplateResult | typeof nothing {
  const n = desk.lists.waiting.length;
  if (n === 0) return nothing;
  return html`<button class="fresh" type="button" @click=${() => desk.revealArrivals()}>${icon(desk.sortOrder === 'oldest' ? 'down' : 'up', 's')}${moderator().fresh(n)}</button>`;
}

/** A card is drawn again only when something it shows has changed. */
function cards(desk: Desk, list: readonly ModeratedQuestion[], label: string, place: (index: number, of: number) => CardPlace, nowMinute: number): TemplateResult {
  const rows: Row[] = list.map((question) => ({
    id: question.id,
    draw: (index, of) => {
      const at = place(index, of);
      const shows = [
        question, desk.actions.pending(question), desk.actions.refused.get(question.id), desk.chosen === question.id, desk.selected.has(question.id),
        desk.claims.mine(question)?.until, desk.claims.others(question)?.by, at.staged?.index, at.staged?.of, index, of, nowMinute, lang(),
      ];
      return guard(shows, () => card(desk, question, at, nowMinute));
    },
  }));
  return html`<pl-mod-list class="list" role="feed" aria-label=${label} .rows=${rows} .chosen=${desk.chosen}></pl-mod-list>`;
}

/** The three honest states of a list that has nothing to show. */
function state(desk: Desk, loaded: Loaded, size: number, bare: boolean, which: 'emptySort' | 'emptyDeclined' | 'emptyKept' | 'emptyRunning', glyph: IconName): TemplateResult | typeof nothing {
  const t = moderator();
  if (loaded === 'failed') return failed(t.listFailed, () => desk.connection.retry());
  if (loaded === 'loading') return skeletonCards(size);
  if (!bare) return nothing;
  const searching = desk.filters.search !== '' || countOf(desk.filters) > 0;
  const words = searching ? t.emptySearch : t[which];
  return empty(searching ? 'search' : glyph, words.title, words.text, nothing, 3);
}

function option<T extends string>(value: T, chosen: T): TemplateResult {
  return html`<option value=${value} ?selected=${chosen === value}>${moderator().orders[value as SortOrder | KeptOrder]}</option>`;
}

function sortMenu(desk: Desk): TemplateResult {
  const t = moderator();
  return html`<select class="menu" aria-label=${t.order} @change=${(event: Event) => desk.setSort((event.target as HTMLSelectElement).value as SortOrder)}>
    <optgroup label=${t.ordersGroup}>${(['oldest', 'newest', 'votes'] as const).map((one) => option<SortOrder>(one, desk.sortOrder))}</optgroup>
    <optgroup label=${t.putAway}>${CLOSED.map((one) => option<SortOrder>(one, desk.sortOrder))}</optgroup>
  </select>`;
}

function keptMenu(desk: Desk): TemplateResult {
  const change = (event: Event): void => {
    desk.keptOrder = (event.target as HTMLSelectElement).value as KeptOrder;
    desk.readingKept = false;
    desk.changed();
  };
  return html`<select class="menu" aria-label=${moderator().order} @change=${change}>
    ${(['votes', 'oldest', 'balance'] as const).map((one) => option<KeptOrder>(one, desk.keptOrder))}
  </select>`;
}
