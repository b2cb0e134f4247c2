/** What happened to one question, from the journal; while that is on its way, the times the question itself knows. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { failed } from '../../components/parts.js';
import type { EventInfo, JournalEntry, ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { journal } from '../../locales/moderator-journal.js';
import { moderator } from '../../locales/moderator.js';
import type { Desk } from './desk.js';

export function historyOf(desk: Desk, question: ModeratedQuestion, event: EventInfo): TemplateResult {
  const t = moderator();
  const open = (): void => {
    desk.historyOpen = true;
    desk.changed();
  };
  // The server reads its whole journal for this: only for who wants it.
  const answer = desk.historyOpen ? desk.history.of(question.id, question.version) : undefined;
  const lines = answer?.state === 'done' && answer.value?.length ? answer.value.slice().reverse().sort((a, b) => b.at - a.at) : own(question);
  return html`<section>
    <h3>${t.history}</h3>
    ${answer?.state === 'failed' ? failed(t.historyFailed, desk.history.retry) : nothing}
    <ol class="hist" role="list">
      ${lines.map((entry) => html`<li><time class="num">${time(entry.at, event.timezone)}</time><span>${said(entry, (id) => desk.question(id)?.number ?? id)}</span></li>`)}
    </ol>
    ${answer ? nothing : html`<button class="btn btn--quiet btn--dense" type="button" @click=${open}>${icon('list', 's')}${t.wholeHistory}</button>`}
  </section>`;
}

/** "Retenue (Karim Benali)", with what is worth adding. `numberOf` gives the number people know another question by. */
export function said(entry: JournalEntry, numberOf: (question: number) => number): string {
  const t = journal();
  const what = t.what[entry.what] ?? entry.what.replaceAll('_', ' ');
  const by = entry.by === 'system' ? t.program : entry.by;
  const more = moreOf(entry, numberOf);
  return `${what}${by ? ` (${by})` : ''}${more ? t.more(more) : ''}`;
}

/** What the change says besides, in words; nothing when that is not worth reading. */
function moreOf({ what, detail }: JournalEntry, numberOf: (question: number) => number): string {
  if (typeof detail === 'string') return detail;
  if (typeof detail !== 'object' || detail === null || what === 'asked') return '';
  const { reason, text, to, into, rank, act, speaker, written } = detail as Record<string, unknown>;
  if (typeof into === 'number') return common().question(numberOf(into));
  if (typeof rank === 'number' && what === 'moved') return String(rank);
  if (typeof act === 'string') return (moderator().acts as unknown as Record<string, string>)[act] ?? act;
  if (typeof reason === 'object' && reason !== null) return reasonOf(reason);
  const said = [reason, text, written, to === 'all' || to === 'one' ? undefined : to, speaker].find((one) => typeof one === 'string');
  return (said as string | undefined) ?? '';
}

/** Why it was declined or held. */
function reasonOf(reason: object): string {
  const { code, text } = reason as { code?: string; text?: string };
  return text || ({ ...moderator().held, ...common().decline } as Record<string, string>)[code ?? ''] || (code ?? '');
}

function own(question: ModeratedQuestion): JournalEntry[] {
  const lines: [number | undefined, string][] = [
    [question.answered_at, 'answered'],
    [question.air_at, 'taken_on_air'],
    [question.asked_at, 'asked'],
  ];
  return lines.flatMap(([at, what]) => (at ? [{ at, what, by: '' }] : []));
}
