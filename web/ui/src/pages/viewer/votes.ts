/** Votes of this person: shown at once, settled when acknowledged, given back when refused. */
import { type Connection, Refused } from '../../live/connection.js';
import type { Question } from '../../live/wire.js';

interface Wish {
  on: boolean;
  /** The count shown to the person when they pressed. */
  votes: number;
  settled: boolean;
}

/** After the acknowledgement the public count may still lag (it is sent at most 5 times a second). */
const LAG_MS = 1200;

export class Votes {
  private readonly wishes = new Map<number, Wish>();
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly live: Connection,
    private readonly refused: (error: Refused, q: Question) => void,
  ) {}

  /** Calls `listener` when a vote of this person changes. Returns how to stop. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Does this person support it, as shown. */
  mine(id: number): boolean {
    const wish = this.wishes.get(id);
    if (wish) return wish.on;
    const ids = this.live.topic('mine').map.get('votes') as number[] | undefined;
    return ids?.includes(id) ?? false;
  }

  pending(id: number): boolean {
    return this.wishes.get(id)?.settled === false;
  }

  /** The count as shown. */
  count(q: Question): number {
    const wish = this.wishes.get(q.id);
    if (!wish) return q.votes;
    return wish.on ? Math.max(q.votes, wish.votes + 1) : Math.min(q.votes, Math.max(0, wish.votes - 1));
  }

  toggle(q: Question): void {
    const on = !this.mine(q.id);
    const before = this.wishes.get(q.id);
    const votes = before ? before.votes + (before.on ? 1 : -1) : q.votes;
    const wish: Wish = { on, votes, settled: false };
    this.wishes.set(q.id, wish);
    this.live.send(on ? 'vote' : 'unvote', { question: q.id }).done.then(
      () => {
        wish.settled = true;
        this.changed();
        setTimeout(() => this.forget(q.id, wish), LAG_MS);
      },
      (error: unknown) => {
        this.forget(q.id, wish);
        if (error instanceof Refused) this.refused(error, q);
      },
    );
    this.changed();
  }

  private forget(id: number, wish: Wish): void {
    if (this.wishes.get(id) === wish) this.wishes.delete(id);
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
