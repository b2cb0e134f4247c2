/** Questions that look like the one being written: asked of the server while one types, found here when it does not answer. */
import type { Connection } from '../../live/connection.js';
import type { Question } from '../../live/wire.js';
import { alike } from './alike.js';
import { clean, lengthOf } from './clean.js';

/** Typing has stopped. */
const PAUSE_MS = 400;
/** Shorter texts look like anything. */
const LONG_ENOUGH = 12;
/** At most this many are offered: it is a hint, not a list. */
const MOST = 2;

export class Similar {
  found: readonly Question[] = [];
  private timer = 0;
  private asked = '';

  constructor(
    private readonly live: Connection,
    private readonly changed: () => void,
  ) {}

  /** The text is now this one. Never in the way: an answer that comes late or not at all only shows less. */
  typed(raw: string): void {
    const text = clean(raw);
    clearTimeout(this.timer);
    if (lengthOf(text) < LONG_ENOUGH) return this.offer('', []);
    if (text !== this.asked) this.timer = window.setTimeout(() => void this.ask(text), PAUSE_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.asked = '';
    this.found = [];
  }

  private async ask(text: string): Promise<void> {
    this.asked = text;
    const open = this.open();
    try {
      const { questions } = await this.live.query<{ questions: { id: number }[] }>('similar', { text });
      if (this.asked === text) this.offer(text, questions.flatMap(({ id }) => open.get(id) ?? []).slice(0, MOST));
    } catch {
      if (this.asked === text) this.offer(text, alike(text, [...open.values()], MOST));
    }
  }

  private offer(text: string, found: readonly Question[]): void {
    this.asked = text;
    this.found = found;
    this.changed();
  }

  /** Everybody's, but one's own. */
  private open(): Map<number, Question> {
    const mine = this.live.topic('mine').map;
    const all = new Map<number, Question>();
    for (const [key, q] of this.live.topic('public').map) if (key.startsWith('q/') && !mine.has(key)) all.set((q as Question).id, q as Question);
    return all;
  }
}
