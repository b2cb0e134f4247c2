/**
 * The order in which others' questions are shown. While somebody is reading, nothing moves: what is new goes to the end, what is
 * gone keeps its place, and `stale` says that the true order is another one. Pure.
 */
import type { Question } from '../../live/wire.js';

export type Sort = 'top' | 'recent';

export interface Shown {
  /** What to show, in this order; those gone as they were last known. */
  list: Question[];
  /** Ids shown that may no longer be supported. */
  gone: ReadonlySet<number>;
  /** Ids added at the end since the order was made. */
  fresh: number;
  /** The true order differs from the one shown. */
  stale: boolean;
}

export class Order {
  private shown: Question[] = [];
  private made: Sort | undefined;
  private fresh = new Set<number>();

  /** The order for `open` questions; `held` keeps what is on screen where it is. */
  show(open: readonly Question[], sort: Sort, held: boolean): Shown {
    const right = [...open].sort(by(sort));
    if (!held || sort !== this.made || this.shown.length === 0) {
      this.made = sort;
      this.fresh.clear();
      this.shown = right;
      return { list: right, gone: new Set(), fresh: 0, stale: false };
    }
    const now = new Map(open.map((q) => [q.id, q]));
    const known = new Set(this.shown.map((q) => q.id));
    const added = right.filter((q) => !known.has(q.id));
    for (const q of added) this.fresh.add(q.id);
    this.shown = [...this.shown.map((q) => now.get(q.id) ?? q), ...added];
    const gone = new Set(this.shown.filter((q) => !now.has(q.id)).map((q) => q.id));
    const stale = gone.size > 0 || right.some((q, index) => this.shown[index]?.id !== q.id);
    return { list: this.shown, gone, fresh: [...this.fresh].filter((id) => now.has(id)).length, stale };
  }
}

function by(sort: Sort): (a: Question, b: Question) => number {
  return sort === 'top' ? (a, b) => b.votes - a.votes || a.id - b.id : (a, b) => b.asked_at - a.asked_at || b.id - a.id;
}
