/** Owns the shares of the balance bar: who asks against who is heard on air. Draws nothing. */
import type { Balance, ModeratedQuestion } from '../../live/wire.js';

export type Dimension = 'public' | 'site' | 'theme';
export const DIMENSIONS: readonly Dimension[] = ['public', 'site', 'theme'];

/** One column of the bar. */
export interface Voice {
  id: string;
  name: string;
  /** Per cent of the questions asked. */
  asked: number;
  /** Per cent of those heard on air. */
  aired: number;
  /** Asked, yet never on air while others were. */
  unheard: boolean;
}

/** One share for each known id, in the event's order. */
export function shares(balance: Balance | undefined, dimension: Dimension, known: readonly { id: string; name: string }[]): Voice[] {
  const tallies = balance?.[dimension] ?? {};
  const total = { asked: 0, aired: 0 };
  for (const { id } of known) {
    total.asked += tallies[id]?.asked ?? 0;
    total.aired += tallies[id]?.aired ?? 0;
  }
  return known.map(({ id, name }) => {
    const { asked = 0, aired = 0 } = tallies[id] ?? {};
    return { id, name, asked: percent(asked, total.asked), aired: percent(aired, total.aired), unheard: asked > 0 && aired === 0 && total.aired > 0 };
  });
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 100);
}

/** How much a question would mend the balance: the share asked minus the share heard, added over the dimensions. */
export function missing(balance: Balance | undefined): (question: ModeratedQuestion) => number {
  const gaps = new Map<string, number>();
  for (const dimension of DIMENSIONS) {
    const ids = Object.keys(balance?.[dimension] ?? {}).map((id) => ({ id, name: id }));
    for (const share of shares(balance, dimension, ids)) gaps.set(`${dimension}/${share.id}`, share.asked - share.aired);
  }
  return (question) => DIMENSIONS.reduce((sum, dimension) => sum + (gaps.get(`${dimension}/${question[dimension] ?? ''}`) ?? 0), 0);
}
