/** Owns which question stands in which column and in what order. Never sends a command, never draws. */

import type { ModeratedQuestion, QuestionState } from '../../live/wire.js';

export type ColumnName = 'sort' | 'kept' | 'running';
export const COLUMNS: readonly ColumnName[] = ['sort', 'kept', 'running'];

/** Where closed questions can still be read. A withdrawn one is its asker's, and is not shown. */
export const CLOSED = ['answered', 'declined', 'deferred', 'merged'] as const;
export type ClosedState = (typeof CLOSED)[number];

/** What the first column may list, and how. */
export type SortOrder = 'oldest' | 'newest' | 'votes' | ClosedState;
/** How the second column may be ordered. */
export type KeptOrder = 'votes' | 'oldest' | 'balance';

const byAge = (a: ModeratedQuestion, b: ModeratedQuestion): number => a.asked_at - b.asked_at || a.id - b.id;
const byVotes = (a: ModeratedQuestion, b: ModeratedQuestion): number => b.votes - a.votes || byAge(a, b);

/** Whether the first column shows what was put away. */
export function isClosed(order: SortOrder | QuestionState): order is ClosedState {
  return (CLOSED as readonly string[]).includes(order);
}

/** First column: what is to be read (held or not), or what was put away. */
export function toSort(questions: readonly ModeratedQuestion[], order: SortOrder): ModeratedQuestion[] {
  const list = questions.filter(({ state }) => (isClosed(order) ? state === order : state === 'received' || state === 'held'));
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

/**
 * Keeps the order in which a list was last shown: what was there stays where it was, what is new joins at the end.
 * Used while somebody reads the list, so that votes do not move cards under the pointer.
 */
export function inShownOrder<T extends { id: number }>(list: readonly T[], shown: readonly number[]): T[] {
  const place = new Map(shown.map((id, index) => [id, index]));
  const at = (one: T): number => place.get(one.id) ?? shown.length;
  return list.slice().sort((a, b) => at(a) - at(b));
}

/** The ids from one to the other in a list, both included, whichever comes first. */
export function between(list: readonly { id: number }[], from: number, to: number): number[] {
  const a = list.findIndex((one) => one.id === from);
  const b = list.findIndex((one) => one.id === to);
  if (a < 0 || b < 0) return [to];
  return list.slice(Math.min(a, b), Math.max(a, b) + 1).map((one) => one.id);
}
