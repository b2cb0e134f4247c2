/** The run sheet of the control room. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import type { EventInfo, Phase } from '../../live/wire.js';
import { duration, time } from '../../locales/index.js';
import { director } from '../../locales/director.js';
import type { Panel } from './panel-state.js';
import { nextSession, sheetRows, type SheetRow } from './sheet.js';

/** Rows before the running one that stay on screen. */
const PAST_SHOWN = 1;
const ROWS_SHOWN = 4;

export function runSheet(panel: Panel, event: EventInfo, now: number): TemplateResult {
  const t = director();
  const { running } = panel;
  const started = { ...running?.sessions_at, ...(running?.session && running.session_at ? { [running.session]: running.session_at } : {}) };
  const rows = sheetRows(event.sessions, running?.session, started, now);
  const at = Math.max(0, rows.findIndex((row) => row.state === 'now') - PAST_SHOWN);
  return html`<section aria-labelledby="d-sheet">
    <div class="h"><h2 id="d-sheet">${t.sheet}</h2><span class="num muted">${t.plannedReal}</span></div>
    ${phaseAction(panel)}
    <ol class="sheet num" role="list">${rows.slice(at, at + ROWS_SHOWN).map((row) => sheetRow(row, event))}</ol>
    ${nextAction(panel, event)}
  </section>`;
}

function sheetRow(row: SheetRow, event: EventInfo): TemplateResult {
  const t = director();
  const planned = time(row.planned, event.timezone);
  const real = row.real === undefined ? '' : time(row.real, event.timezone);
  if (row.state !== 'now') {
    return html`<li data-state=${row.state === 'past' ? 'past' : nothing}><span>${planned}</span><span>${row.title}</span><span class="muted">${real}</span></li>`;
  }
  const left = row.leftMin ?? 0;
  const words = duration(Math.abs(left) * 60);
  return html`<li aria-current="step">
    <b>${planned}</b><b>${row.title}</b><b>${real}</b><span></span>${left >= 0
      ? html`<span class="muted">${t.left(words)}</span>`
      : html`<span class="status" data-kind="look">${icon('clock')}<span>${t.over(words)}</span></span>`}
  </li>`;
}

function phaseAction(panel: Panel): TemplateResult {
  const t = director();
  const phase = panel.running?.phase ?? 'before';
  const set = (to: Phase, said: string): void => panel.undoable('phase', 'phase', { to }, said, { to: phase });
  const busy = String(panel.pending.has('phase'));
  if (phase === 'live') {
    return html`<div class="row row--between phase"><span class="status" data-kind="air">${icon('air')}<span>${t.phase.live}</span></span><button class="btn btn--dense btn--quiet" type="button" aria-busy=${busy} @click=${() => set('after', t.ended)}>${t.end}</button></div>`;
  }
  const text = phase === 'before' ? t.goLive : t.reopen;
  return html`<div class="stack stack--tight phase"><span class="status">${icon('ring')}<span>${t.phase[phase]}</span></span><button class="btn btn--primary btn--wide" type="button" aria-busy=${busy} @click=${() => set('live', t.wentLive)}>${icon('play')}${text}</button></div>`;
}

function nextAction(panel: Panel, event: EventInfo): TemplateResult {
  const t = director();
  const current = panel.running?.session;
  const next = nextSession(event.sessions, current);
  if (!next) return html`<p class="small muted">${t.lastSession}</p>`;
  const go = (): void => {
    const said = t.sessionStarted(next.title);
    if (current) panel.undoable('session', 'session', { session: next.id }, said, { session: current });
    else void panel.send('session', 'session', { session: next.id });
  };
  return html`<button class="btn btn--wide" type="button" aria-busy=${String(panel.pending.has('session'))} @click=${go}>${icon('next')}<span>${current ? t.next(next.title) : t.firstSession(next.title)}</span></button>`;
}
