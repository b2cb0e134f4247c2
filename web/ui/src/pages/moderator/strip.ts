/** Search, balance and (on narrow screens) the choice of the column. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { segments } from '../../components/parts.js';
import type { EventInfo } from '../../live/wire.js';
import { moderator } from '../../locales/moderator.js';
import { DIMENSIONS, shares, type Voice } from './balance.js';
import { COLUMNS } from './columns.js';
import type { Desk } from './desk.js';

export function strip(desk: Desk, event: EventInfo): TemplateResult {
  const t = moderator();
  const known = { public: event.publics, site: event.sites, theme: event.themes }[desk.dimension];
  const dimensions = DIMENSIONS.map((one) => [one, t.dimension[one]] as const);
  return html`<section class="strip" aria-label=${`${t.searchShort}, ${t.balanceBy.toLowerCase()}`} data-search=${desk.searchOpen ? 'open' : nothing}>
    <div class="search">
      ${icon('search')}<label class="vh" for="m-search">${t.search}</label>
      <input class="input" id="m-search" type="search" placeholder=${t.searchShort} .value=${desk.search} @input=${(event: Event) => searchFor(desk, event)} @keydown=${(event: KeyboardEvent) => leave(desk, event)} />
    </div>
    <span class="seg--dim">${segments(t.balanceBy, dimensions, desk.dimension, (value) => ((desk.dimension = value), desk.changed()))}</span>
    <p class="legend"><span>${t.legendAsked}</span><span>${t.legendAired}</span></p>
    <ul class="balance" role="list" aria-label=${t.balance} tabindex="0">${shares(desk.balance, desk.dimension, known).map(voice)}</ul>
    ${pickers(desk)}
  </section>`;
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

function searchFor(desk: Desk, event: Event): void {
  desk.search = (event.target as HTMLInputElement).value;
  desk.changed();
}

function leave(desk: Desk, event: KeyboardEvent): void {
  if (event.key !== 'Escape') return;
  event.stopPropagation();
  desk.search = '';
  desk.searchOpen = false;
  (event.target as HTMLInputElement).blur();
  desk.changed();
}

function pickers(desk: Desk): TemplateResult {
  const t = moderator();
  const names = { sort: t.sort, kept: t.kept, running: t.runningShort };
  const sizes = { sort: desk.lists.sort.length + desk.lists.waiting.length, kept: desk.lists.kept.length, running: desk.lists.running.length };
  return html`<nav class="seg pickers" aria-label=${t.columns}>
    ${COLUMNS.map(
      (one) => html`<button type="button" aria-pressed=${String(desk.column === one)} @click=${() => desk.goColumn(one)}>${names[one]} <span class="num">${sizes[one]}</span></button>`,
    )}
  </nav>`;
}
