/** Which questions already asked look like the one being written. Words in common, no more. */
import type { Question } from '../../live/wire.js';

/** Words too common to say anything, in French and English. */
const EMPTY = new Set(
  'avec dans pour sans leur leurs nous vous elle elles quel quelle quels quelles comment pourquoi quand est-ce sont etre avoir faire faut plus tout tous toute toutes peut peuvent cette entre aussi that this with from what when will have there their they your about does which'.split(
    ' ',
  ),
);

/** At most `most` questions that share at least two telling words with `text`, nearest first. */
export function alike(text: string, questions: readonly Question[], most = 2): Question[] {
  const mine = telling(text);
  if (mine.size < 2) return [];
  return questions
    .map((question) => {
      const theirs = telling(question.text);
      let common = 0;
      for (const word of mine) if (theirs.has(word)) common += 1;
      return { question, common, near: common / Math.min(mine.size, Math.max(1, theirs.size)) };
    })
    .filter((one) => one.common >= 2 && one.near >= 0.34)
    .sort((a, b) => b.near - a.near)
    .slice(0, most)
    .map((one) => one.question);
}

/** Lower case, no accents: one searches as one types. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Words of four letters or more, without accents, cut to their first six letters so that plurals and verbs meet. */
function telling(text: string): Set<string> {
  const words = plain(text).match(/[a-z-]{4,}/g) ?? [];
  return new Set(words.filter((word) => !EMPTY.has(word)).map((word) => word.slice(0, 6)));
}
