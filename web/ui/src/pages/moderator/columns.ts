/** Owns which question stands in which column and in what order. Never sends a command, never draws. */

import type { ModeratedQuestion } from '../../live/wire.js';

export type ColumnName = 'sort' | 'kept' | 'running';
export const COLUMNS: readonly ColumnName[] = ['sort', 'kept', 'running'];

/** What the first column may list, and how. */
export type SortOrder = 'oldest' | 'newest' | 'votes' | 'declined' | 'answered';
/** How the second column may be ordered. */
export type KeptOrder = 'votes' | 'oldest' | 'balance';

const byAge = (a: ModeratedQuestion, b: ModeratedQuestion): number => a.asked_at - b.asked_at || a.id - b.id;
const byVotes = (a: ModeratedQuestion, b: ModeratedQuestion): number => b.votes - a.votes || byAge(a, b);

/** First column: what is to be read, or what was put away. */
export function toSort(questions: readonly ModeratedQuestion[], order: SortOrder): ModeratedQuestion[] {
  const state = order === 'declined' || order === 'answered' ? order : 'received';
  const list = questions.filter((question) => question.state === state);
  if (order === 'votes') return list.sort(byVotes);
  if (order === 'oldest') return list.sort(byAge);
  return list.sort((a, b) => byAge(b, a));
}

/** Second column. `weight` tells how much a question's voice is missing on air, for the order `balance`. */
export function kept(questions: readonly ModeratedQuestion[], order: KeptOrder, weight: (question: ModeratedQuestion) => number): ModeratedQuestion[] {
  const list = questions.filter((question) => question.state === 'approved');
  if (order === 'oldest') return list.sort(byAge);
  if (order === 'votes') return list.sort(byVotes);
  return list.sort((a, b) => weight(b) - weight(a) || byVotes(a, b));
}

/** Third column: on air on top, then the stage list by rank. */
export function running(questions: readonly ModeratedQuestion[]): ModeratedQuestion[] {
  const place = (question: ModeratedQuestion): number => (question.state === 'on_air' ? 0 : (question.rank ?? Number.MAX_SAFE_INTEGER));
  return questions.filter((question) => question.state === 'staged' || question.state === 'on_air').sort((a, b) => place(a) - place(b) || a.id - b.id);
}

/** Whether a question answers a search, ignoring case and accents. Numbers match exactly. */
export function matches(question: ModeratedQuestion, search: string): boolean {
  const wanted = fold(search);
  if (wanted === '') return true;
  if (/^\d+$/.test(wanted)) return String(question.number) === wanted;
  return fold(`${question.text} ${question.original ?? ''} ${question.name ?? ''}`).includes(wanted);
}

function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase()
    .trim();
}

/**
 * Keeps the order in which a list was last shown: what was there stays where it was, what is new joins at the end.
 * Used while somebody reads the list, so that votes do not move cards under the pointer.
 */
export function inShownOrder<T extends { id: number }>(list: readonly T[], shown: readonly number[]): T[] {
  const place = new Map(shown.map((id, index) => [id, index]));
  const at = (one: T): number => place.get(one.id) ?? shown.length;
  return list.slice().sort((a, b) => at(a) - at(b));
}
