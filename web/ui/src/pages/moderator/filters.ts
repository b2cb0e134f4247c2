/** Owns what a moderator wants to see: words, tags, state, own claims. Pure. */
import type { ModeratedQuestion, QuestionState } from '../../live/wire.js';

export interface Filters {
  search: string;
  theme: string;
  public: string;
  site: string;
  /** Empty: every state. */
  state: QuestionState | '';
  mine: boolean;
}

export const NO_FILTERS: Readonly<Filters> = { search: '', theme: '', public: '', site: '', state: '', mine: false };

/** A tag filter for questions without this tag. */
export const NONE = '-';

/** How many are set, the search apart. */
export function countOf(filters: Filters): number {
  return (['theme', 'public', 'site', 'state', 'mine'] as const).filter((one) => filters[one]).length;
}

/** The questions that pass. `isMine` tells which are claimed by this moderator. */
export function passing(questions: readonly ModeratedQuestion[], filters: Filters, isMine: (question: ModeratedQuestion) => boolean): readonly ModeratedQuestion[] {
  if (countOf(filters) === 0 && fold(filters.search) === '') return questions;
  const matches = searcher(filters.search);
  return questions.filter(
    (question) =>
      tagged(question.theme, filters.theme) &&
      tagged(question.public, filters.public) &&
      tagged(question.site, filters.site) &&
      (!filters.state || question.state === filters.state) &&
      (!filters.mine || isMine(question)) &&
      matches(question),
  );
}

function tagged(tag: string | undefined, wanted: string): boolean {
  return wanted === '' || (wanted === NONE ? tag === undefined : tag === wanted);
}

/** Ignores case and accents; every word must be found. Numbers match a number exactly. */
export function searcher(search: string): (question: Pick<ModeratedQuestion, 'number' | 'text' | 'original' | 'name'>) => boolean {
  const wanted = fold(search);
  if (wanted === '') return () => true;
  if (/^\d+$/.test(wanted)) return (question) => String(question.number) === wanted;
  const words = wanted.split(/\s+/);
  return (question) => {
    const text = fold(`${question.text} ${question.original ?? ''} ${question.name ?? ''}`);
    return words.every((word) => text.includes(word));
  };
}

function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase()
    .trim();
}
