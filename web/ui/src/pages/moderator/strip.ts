/** Search, filters, balance and (on narrow screens) the choice of the column. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { count, segments, toggle } from '../../components/parts.js';
import { nameOf } from '../../components/question.js';
import type { EventInfo, QuestionState } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { moderator } from '../../locales/moderator.js';
import { DIMENSIONS, shares, type Voice } from './balance.js';
import { CLOSED, COLUMNS } from './columns.js';
import type { Desk } from './desk.js';
import { fair, known } from './fair.js';
import { countOf, NO_FILTERS, NONE, type Filters } from './filters.js';

const STATES: readonly QuestionState[] = ['received', 'held', 'approved', 'staged', 'on_air', ...CLOSED];

export function strip(desk: Desk, event: EventInfo): TemplateResult {
  const t = moderator();
  const dimensions = DIMENSIONS.map((one) => [one, t.dimension[one]] as const);
  const set = countOf(desk.filters);
  return html`<section class="strip" aria-label=${`${t.searchShort}, ${t.balanceBy.toLowerCase()}`} data-search=${desk.searchOpen ? 'open' : nothing}>
    <div class="search">
      ${icon('search')}<label class="vh" for="m-search">${t.search}</label>
      <input class="input" id="m-search" type="search" placeholder=${t.searchShort} .value=${desk.filters.search} @input=${(event: Event) => desk.setFilters({ search: (event.target as HTMLInputElement).value })} @keydown=${(event: KeyboardEvent) => leave(desk, event)} />
    </div>
    <button class="btn btn--dense filterbtn" type="button" aria-expanded=${String(desk.filtersOpen)} aria-controls="m-filters" @click=${() => open(desk, 'filtersOpen')}>${icon('list', 's')}${t.filters}${set > 0 ? count(set) : nothing}</button>
    <span class="seg--dim">${segments(t.balanceBy, dimensions, desk.dimension, (value) => ((desk.dimension = value), desk.changed()))}</span>
    <p class="legend"><span>${t.legendAsked}</span><span>${t.legendAired}</span></p>
    <ul class="balance" role="list" aria-label=${t.balance} tabindex="0">${shares(desk.balance, desk.dimension, known(event, desk.dimension)).map(voice)}</ul>
    <button class="btn btn--quiet btn--icon btn--dense fairbtn" type="button" aria-label=${t.balanceTitle} aria-expanded=${String(desk.fairOpen)} aria-controls="m-fair" @click=${() => open(desk, 'fairOpen')}>${icon('chev')}</button>
    ${desk.filtersOpen ? filterBar(desk, event) : nothing} ${fair(desk, event)} ${pickers(desk)}
  </section>`;
}

function open(desk: Desk, what: 'filtersOpen' | 'fairOpen'): void {
  desk[what] = !desk[what];
  desk.changed();
}

function voice(share: Voice): TemplateResult {
  const t = moderator();
  const name = share.unheard
    ? html`<b class="status" data-kind="look" title=${t.unheard(share.name)}>${icon('warn')}<span>${share.name}</span></b>`
    : html`<b title=${share.name}>${share.name}</b>`;
  return html`<li>
    <span class="row">${name}<span class="muted num">${share.asked} / ${share.aired}</span></span
    ><span class="bars" aria-hidden="true"><i style=${`--v:${share.asked}%`}></i><i style=${`--v:${share.aired}%`}></i></span>
  </li>`;
}

function leave(desk: Desk, event: KeyboardEvent): void {
  if (event.key !== 'Escape') return;
  event.stopPropagation();
  desk.searchOpen = false;
  (event.target as HTMLInputElement).blur();
  desk.setFilters({ search: '' });
}

function filterBar(desk: Desk, event: EventInfo): TemplateResult {
  const t = moderator();
  const states = STATES.map((id) => ({ id, name: common().state[id] }));
  return html`<div class="filters" id="m-filters" role="group" aria-label=${t.filters}>
    ${filter(desk, 'state', t.state, t.anyState, states)} ${filter(desk, 'theme', t.theme, t.anyTheme, [...event.themes, { id: NONE, name: t.noTheme }])}
    ${filter(desk, 'public', t.public, t.anyPublic, [...event.publics, { id: NONE, name: t.noPublic }])} ${filter(desk, 'site', t.site, t.anySite, [...event.sites, { id: NONE, name: t.noSite }])}
    ${toggle(t.mineOnly, desk.filters.mine, (mine) => desk.setFilters({ mine }))}
    <button class="btn btn--dense" type="button" ?disabled=${countOf(desk.filters) === 0} @click=${() => desk.setFilters({ ...NO_FILTERS, search: desk.filters.search })}>${t.clearFilters}</button>
  </div>`;
}

function filter(desk: Desk, field: 'theme' | 'public' | 'site' | 'state', label: string, any: string, options: readonly { id: string; name: string; name_en?: string }[]): TemplateResult {
  const change = (event: Event): void => desk.setFilters({ [field]: (event.target as HTMLSelectElement).value } as Partial<Filters>);
  return html`<select class="input" aria-label=${label} ?data-set=${desk.filters[field] !== ''} .value=${desk.filters[field]} @change=${change}>
    <option value="" ?selected=${desk.filters[field] === ''}>${any}</option>
    ${options.map((option) => html`<option value=${option.id} ?selected=${desk.filters[field] === option.id}>${nameOf(option)}</option>`)}
  </select>`;
}

function pickers(desk: Desk): TemplateResult {
  const t = moderator();
  const names = { sort: t.sort, kept: t.kept, running: t.runningShort };
  const { held, sort, waiting, kept, running } = desk.lists;
  const sizes = { sort: held.length + sort.length + waiting.length, kept: kept.length, running: running.length };
  return html`<nav class="seg pickers" aria-label=${t.columns}>
    ${COLUMNS.map(
      (one) => html`<button type="button" aria-pressed=${String(desk.column === one)} @click=${() => desk.goColumn(one)}>${names[one]} <span class="num">${sizes[one]}</span></button>`,
    )}
  </nav>`;
}
