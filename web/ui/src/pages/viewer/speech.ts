/**
 * What is said to screen readers, and when: what concerns the person at once, the rest at most once in five seconds and summed up.
 * Pure: the clock is the caller's.
 */

/** Between two polite messages about others. */
export const APART_MS = 5000;

export class Speech {
  private own: string[] = [];
  private readonly news = new Map<string, { count: number; words: (count: number) => string }>();
  private last = -Infinity;

  /** Something about the person: said at the next turn. */
  say(text: string): void {
    this.own.push(text);
  }

  /** Something about others; several of one `kind` become one sentence. */
  hear(kind: string, words: (count: number) => string, count = 1): void {
    const known = this.news.get(kind);
    this.news.set(kind, { count: (known?.count ?? 0) + count, words });
  }

  /** What to say now, if anything. */
  turn(now: number): string | undefined {
    if (this.own.length === 0 && (this.news.size === 0 || now - this.last < APART_MS)) return undefined;
    const parts = this.own.splice(0);
    if (now - this.last >= APART_MS) {
      for (const { count, words } of this.news.values()) parts.push(words(count));
      this.news.clear();
    }
    this.last = now;
    return parts.join(' ');
  }

  /** When the next turn has something to say: milliseconds from `now`, undefined for never. */
  next(now: number): number | undefined {
    if (this.own.length > 0) return 0;
    return this.news.size > 0 ? Math.max(0, APART_MS - (now - this.last)) : undefined;
  }
}
