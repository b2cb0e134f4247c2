/** What the moderator's header adds: session, open or closed, arrivals, colleagues. Draws only. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { icon, type IconName } from '../../components/icon.js';
import { avatar, segments, toggle } from '../../components/parts.js';
import type { Colleague, EventInfo, EventState, Queue } from '../../live/wire.js';
import { duration } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import { FORMATS, type Format } from './exports.js';

export interface HeaderState {
  event: EventInfo;
  running: EventState | undefined;
  queue: Queue | undefined;
  colleagues: Colleague[];
  me: { name?: string; staff?: string } | undefined;
  /** Arrivals a minute, oldest first. */
  arrivals: number[];
  now: number;
  setOpen(open: boolean): void;
  setModeration(value: Queue['moderation']): void;
  openSearch(): void;
  openHelp(): void;
  openRules(): void;
  openJournal(): void;
  undo(): void;
  exportAs(format: Format): void;
}

export function header(state: HeaderState): TemplateResult {
  const t = moderator();
  return html`${session(state)}
    <div class="row tools">
      ${state.queue ? toggle(t.open, state.queue.open, state.setOpen) : nothing}
      ${state.queue
        ? html`<span class="wide">${segments(t.when, [['before', t.before], ['after', t.after]] as const, state.queue.moderation, state.setModeration)}</span>`
        : nothing}
      ${rate(state.arrivals)}
      <button class="btn btn--quiet btn--icon find" type="button" aria-label=${t.search} @click=${state.openSearch}>${icon('search')}</button>
    </div>
    ${team(state)}
    <button class="btn btn--quiet btn--icon undo" type="button" title="Z" aria-label=${t.undoLast} @click=${state.undo}>${icon('back')}</button>
    ${menu(state)}
    <button class="btn btn--quiet btn--icon wide" type="button" aria-label=${`? ${t.shortcuts}`} @click=${state.openHelp}>?</button>`;
}

/** What is needed a few times an event: rules, journal, files. */
function menu(state: HeaderState): TemplateResult {
  const t = moderator();
  const item = (glyph: IconName, text: string, press: () => void): TemplateResult =>
    html`<button class="btn btn--quiet" type="button" @click=${(event: Event) => (shut(event), press())}>${icon(glyph, 's')}${text}</button>`;
  return html`<details class="more" @keydown=${escape} @focusout=${left}>
    <summary class="btn btn--quiet btn--icon" aria-label=${t.tools}>${icon('gear')}</summary>
    <div class="more__items panel">
      ${item('gear', t.rules, state.openRules)} ${item('list', t.journal, state.openJournal)} ${item('key', t.shortcuts, state.openHelp)}
      <p class="small muted">${t.export}</p>
      ${FORMATS.map((format) => item('dl', t.exportAs[format], () => state.exportAs(format)))}
    </div>
  </details>`;
}

function shut(event: Event): void {
  (event.currentTarget as Element).closest('details')?.removeAttribute('open');
}

function escape(event: KeyboardEvent): void {
  const details = event.currentTarget as HTMLDetailsElement;
  if (event.key !== 'Escape' || !details.open) return;
  event.stopPropagation();
  details.open = false;
  details.querySelector('summary')?.focus();
}

/** Shut once the focus went elsewhere. */
function left(event: FocusEvent): void {
  const details = event.currentTarget as HTMLDetailsElement;
  if (event.relatedTarget instanceof Node && !details.contains(event.relatedTarget)) details.open = false;
}

function session({ event, running, now }: HeaderState): TemplateResult {
  const t = moderator();
  const index = event.sessions.findIndex((one) => one.id === running?.session);
  const current = event.sessions[index];
  if (!current) return html`<div class="session"><span class="small muted">${t.noSession}</span></div>`;
  const left = (running?.session_at ?? current.starts) + current.duration_min * 60_000 - now;
  const minutes = duration(Math.ceil(Math.abs(left) / 60_000) * 60);
  return html`<div class="session">
    <span class="small muted">${left >= 0 ? t.sessionLeft(index + 1, minutes) : t.sessionOver(index + 1, minutes)}</span><b>${current.title}</b>
  </div>`;
}

function rate(arrivals: number[]): TemplateResult {
  const most = Math.max(1, ...arrivals);
  const step = arrivals.length > 1 ? 46 / (arrivals.length - 1) : 0;
  const line = arrivals.map((value, index) => `${index === 0 ? 'M' : 'L'}${(1 + index * step).toFixed(1)} ${(17 - (value / most) * 14).toFixed(1)}`).join('');
  const last = arrivals.at(-2) ?? 0;
  return html`<span class="rate num wide"
    ><svg width="48" height="20" viewBox="0 0 48 20" aria-hidden="true">${svg`<path d=${line} fill="none" stroke="currentColor" stroke-width="1.75" stroke-linejoin="round" stroke-linecap="round"/>`}</svg
    ><span><b>${last}</b> ${moderator().perMinute}</span></span
  >`;
}

function team({ colleagues, me }: HeaderState): TemplateResult {
  const t = moderator();
  const mine = (one: Colleague): boolean => (one.staff && me?.staff ? one.staff === me.staff : one.name === me?.name);
  // Somebody with two pages open is one colleague.
  const people = [...new Map(colleagues.map((one) => [one.staff ?? one.name, one])).values()];
  const sorted = people.sort((a, b) => Number(mine(b)) - Number(mine(a)) || a.since - b.since);
  const names = sorted.map((one) => (mine(one) ? t.you : one.name)).join(', ');
  return html`<span class="team wide" role="img" aria-label=${t.present(names)}>${sorted.slice(0, 6).map((one) => avatar(one.name, { me: mine(one), large: true }))}</span>`;
}
