/** What happened to one question, from the journal; while that is on its way, the times the question itself knows. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { failed } from '../../components/parts.js';
import type { EventInfo, JournalEntry, ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { journal } from '../../locales/moderator-journal.js';
import { moderator } from '../../locales/moderator.js';
import type { Desk } from './desk.js';

export function historyOf(desk: Desk, question: ModeratedQuestion, event: EventInfo): TemplateResult {
  const t = moderator();
  const answer = desk.history.of(question.id, question.version);
  const lines = answer.state === 'done' && answer.value?.length ? answer.value.slice().sort((a, b) => b.at - a.at) : own(question);
  return html`<section>
    <h3>${t.history}</h3>
    ${answer.state === 'failed' ? failed(t.historyFailed, desk.history.retry) : nothing}
    <ol class="hist" role="list">
      ${lines.map((entry) => html`<li><time class="num">${time(entry.at, event.timezone)}</time><span>${said(entry)}</span></li>`)}
    </ol>
  </section>`;
}

/** "Retenue, Karim Benali", with what is worth adding. */
export function said(entry: JournalEntry): string {
  const t = journal();
  const what = t.what[entry.what] ?? entry.what.replaceAll('_', ' ');
  const more = detailOf(entry.detail);
  return `${what}${entry.by ? ` (${entry.by})` : ''}${more ? t.more(more) : ''}`;
}

/** A detail in words, or nothing when there are none worth reading. */
function detailOf(detail: unknown): string {
  if (typeof detail === 'string') return detail;
  if (typeof detail !== 'object' || detail === null) return '';
  const { reason, text, to, code } = detail as { reason?: unknown; text?: unknown; to?: unknown; code?: unknown };
  if (typeof reason === 'object' || typeof reason === 'string') return detailOf(reason);
  if (typeof text === 'string') return text;
  if (typeof code === 'string') return (common().decline as Record<string, string>)[code] ?? code;
  return typeof to === 'string' ? to : '';
}

function own(question: ModeratedQuestion): JournalEntry[] {
  const lines: [number | undefined, string][] = [
    [question.answered_at, 'answered'],
    [question.air_at, 'taken_on_air'],
    [question.asked_at, 'asked'],
  ];
  return lines.flatMap(([at, what]) => (at ? [{ at, what, by: '' }] : []));
}
