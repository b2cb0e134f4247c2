/** One question of the room: its number, what became of it and why, and what the operator may still do. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon, type IconName } from '../../components/icon.js';
import { status, type StatusKind } from '../../components/parts.js';
import { spaced } from '../../components/question.js';
import type { OwnQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { site } from '../../locales/site.js';

const GLYPHS: Partial<Record<OwnQuestion['state'], IconName>> = { received: 'clock', held: 'clock', on_air: 'air', answered: 'check', declined: 'no', deferred: 'send', merged: 'merge' };
/** What may still be taken back. */
const OPEN: readonly OwnQuestion['state'][] = ['received', 'held', 'approved', 'staged'];

export interface LineActs {
  edit(question: OwnQuestion): void;
  withdraw(question: OwnQuestion): void;
}

export function roomLine(question: OwnQuestion, zone: string, acts: LineActs): TemplateResult {
  const t = site().questions;
  const { state } = question;
  const kind: StatusKind | undefined = state === 'on_air' ? 'air' : state === 'received' || state === 'held' || state === 'declined' ? undefined : 'ink';
  const unread = state === 'received' || state === 'held';
  return html`<article class="q q--dense" data-state=${state === 'on_air' ? 'air' : nothing} aria-label=${common().question(question.number)}>
    <div class="q__head"><span class="q__no">${question.number}</span>${status(GLYPHS[state] ?? 'okc', words(question, zone), kind)}</div>
    <p class="q__text">${spaced(question.text)}</p>
    ${why(question, zone)}
    ${OPEN.includes(state)
      ? html`<div class="q__foot">
          ${unread ? html`<button class="btn btn--dense btn--quiet" type="button" @click=${() => acts.edit(question)}>${icon('pen', 's')}${t.edit}</button>` : nothing}
          <button class="btn btn--dense btn--quiet" type="button" @click=${() => acts.withdraw(question)}>${icon('x', 's')}${t.withdraw}</button>
        </div>`
      : nothing}
  </article>`;
}

function words(question: OwnQuestion, zone: string): TemplateResult | string {
  const t = site().questions;
  switch (question.state) {
    case 'received':
    case 'held':
      return t.received;
    case 'staged':
      return question.rank === 1 ? t.next : question.rank ? html`${t.rank(question.rank)}<sup>${t.rankEnd(question.rank)}</sup>` : common().state.approved;
    case 'answered':
      return question.answered_at ? t.answeredAt(time(question.answered_at, zone)) : common().state.answered;
    case 'merged':
      return question.into ? t.merged(question.into.id) : common().state.merged;
    default:
      return common().state[question.state];
  }
}

function why(question: OwnQuestion, zone: string): TemplateResult | typeof nothing {
  const t = site().questions;
  const said = (text: string): TemplateResult => html`<p class="q__why">${spaced(text)}</p>`;
  const { state, reason, into } = question;
  if (state === 'declined' && reason) {
    const code = common().decline[reason.code] ?? common().decline.other;
    const see = reason.see === undefined ? '' : ` ${t.see(reason.see)}`;
    return said(reason.code === 'other' && reason.text ? reason.text : `${code}.${see}${reason.text ? ` ${reason.text}` : ''}`);
  }
  if (state === 'deferred') return said(question.deferred_to ? t.deferredTo(question.deferred_to) : t.deferred);
  if (state === 'answered' && question.written) return said(t.written(question.written));
  if (state !== 'merged' || !into) return nothing;
  const became = into.state === 'answered' && into.answered_at ? t.answeredAt(time(into.answered_at, zone)) : common().state[into.state];
  return said(into.text ? `${into.text} ${became}.` : `${became}.`);
}
