/** The drawer while several questions are selected: what may be done with all of them. Draws; acts through the desk. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { kbd } from '../../components/parts.js';
import { nameOf } from '../../components/question.js';
import type { EventInfo, ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { lang, list } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import { REASONS, type Desk } from './desk.js';
import { button, reasons } from './drawer-foot.js';
import { editable } from './drawer.js';

export type LotAct = 'approve' | 'hold' | 'decline' | 'stage';

/** The states from which an act leads somewhere; the others of a lot are left alone. */
const FROM: Record<LotAct, readonly ModeratedQuestion['state'][]> = {
  approve: ['received', 'held'],
  hold: ['received'],
  decline: ['received', 'held', 'approved', 'staged', 'deferred'],
  stage: ['approved'],
};

export function fitting(desk: Desk, act: LotAct): ModeratedQuestion[] {
  return desk.selection.filter(({ state }) => FROM[act].includes(state));
}

/** Does it to all that it fits, and ends the selection. */
export function lot(desk: Desk, act: LotAct, fields: Record<string, unknown> = {}): void {
  const questions = fitting(desk, act);
  if (questions.length === 0 || desk.actions.away()) return;
  desk.clearSelection(true);
  void desk.actions.lot(questions, act, fields);
}

export function lotDecline(desk: Desk, index: number, text?: string): void {
  const code = REASONS[index];
  if (code) lot(desk, 'decline', { reason: { code, ...(text ? { text } : {}) } });
}

function lotTheme(desk: Desk, theme: string): void {
  const questions = desk.selection.filter(editable);
  if (questions.length === 0 || desk.actions.away()) return;
  desk.clearSelection();
  void desk.actions.lot(questions, 'edit', (question) => ({ text: question.text, theme: theme === '-' ? null : theme }));
}

export function bulkDrawer(desk: Desk, event: EventInfo): TemplateResult {
  const t = moderator();
  const { selection } = desk;
  return html`<aside class="drawer" aria-labelledby="m-drawer">
    <div class="drawer__head">
      <h2 id="m-drawer" class="grow"><span role="status">${t.selected(selection.length)}</span></h2>
      <button class="btn btn--quiet btn--icon" type="button" aria-label=${t.clearSelection} @click=${() => desk.clearSelection()}>${icon('x')}</button>
    </div>
    <div class="drawer__body" tabindex="0" role="region" aria-label=${t.selected(selection.length)}>
      <ul class="lot" role="list">
        ${selection.map(
          (question) => html`<li>
            <span class="q__no">${question.number}</span><span class="grow">${question.text}</span>
            <button class="btn btn--quiet btn--icon btn--dense" type="button" aria-label=${t.unselectN(question.number)} @click=${() => desk.toggle(desk.column, question.id)}>${icon('x', 's')}</button>
          </li>`,
        )}
      </ul>
      <p class="row row--tight"><button class="btn btn--dense" type="button" @click=${() => desk.selectAll(desk.column)}>${t.selectAll}</button></p>
    </div>
    <div class="drawer__foot">${desk.mode === 'why' ? reasons(desk, undefined, lang(), (index, text) => lotDecline(desk, index, text), false) : acts(desk, event)}</div>
  </aside>`;
}

function acts(desk: Desk, event: EventInfo): TemplateResult {
  const t = moderator().acts;
  const only = (act: LotAct, text: string, key: string, press: () => void, primary = false): TemplateResult | typeof nothing => {
    const n = fitting(desk, act).length;
    return n === 0 ? nothing : button(n === desk.selected.size ? text : `${text} (${n})`, press, key, primary);
  };
  return html`<div class="acts">
    ${only('approve', t.approve, 'A', () => lot(desk, 'approve'), true)}${only('decline', t.decline, 'R', () => desk.setMode('why'))}${only('hold', t.hold, 'H', () => lot(desk, 'hold'))}${only('stage', t.stage, 'S', () => lot(desk, 'stage'))}
  </div>
  ${lotTags(desk, event)}
  ${busy(desk)}`;
}

function lotTags(desk: Desk, event: EventInfo): TemplateResult | typeof nothing {
  if (event.themes.length === 0) return nothing;
  const t = moderator();
  return html`<div class="field">
    <label for="m-theme">${t.themeForAll} ${kbd('T')}</label>
    <select class="input" id="m-theme" @change=${(change: Event) => lotTheme(desk, (change.target as HTMLSelectElement).value)}>
      <option value="" selected>${t.choose}</option>
      ${event.themes.map((theme) => html`<option value=${theme.id}>${nameOf(theme)}</option>`)}
      <option value="-">${t.noTheme}</option>
    </select>
  </div>`;
}

/** Those a colleague works on will come back: said before, not after. */
function busy(desk: Desk): TemplateResult | typeof nothing {
  const taken = desk.selection.filter((question) => desk.claims.others(question));
  if (taken.length === 0) return nothing;
  return html`<p class="small muted">${moderator().lotTaken(list(taken.slice(0, 4).map((question) => common().question(question.number))))}</p>`;
}
