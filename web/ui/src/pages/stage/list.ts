/** Owns which accepted questions the stage lists, in what order, and which of them a search finds. Draws nothing. */
import type { Question } from '../../live/wire.js';
import { fold } from '../../locales/index.js';

/** `order`: as they will be asked, the run sheet first. `votes`: what people want most. */
export type Order = 'order' | 'votes';

const byAge = (a: Question, b: Question): number => a.asked_at - b.asked_at || a.id - b.id;
const place = (question: Question): number => (question.state === 'staged' ? (question.rank ?? Number.MAX_SAFE_INTEGER - 1) : Number.MAX_SAFE_INTEGER);

/** What is on the run sheet, in its order. */
export function staged(questions: readonly Question[]): Question[] {
  return questions.filter((question) => question.state === 'staged').sort((a, b) => place(a) - place(b) || byAge(a, b));
}

/** Everything that waits to be asked. */
export function waiting(questions: readonly Question[], order: Order): Question[] {
  const list = questions.filter((question) => question.state === 'staged' || question.state === 'approved');
  return list.sort((a, b) => (order === 'votes' ? b.votes - a.votes : place(a) - place(b)) || byAge(a, b));
}

/** Whether a question answers a search: its number, or each word somewhere in `told` (its text and who asked). */
export function finds(question: Question, told: string, search: string): boolean {
  const wanted = fold(search);
  if (/^\d+$/.test(wanted)) return String(question.number) === wanted;
  const text = fold(told);
  return wanted.split(/\s+/).every((word) => text.includes(word));
}
