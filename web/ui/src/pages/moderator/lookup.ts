/** What a page asks about one question when it shows it (similar ones, its history): asked once, after a moment, kept a while. */
import { Refused } from '../../live/connection.js';

export interface Answer<T> {
  state: 'loading' | 'done' | 'failed';
  value?: T;
  /** The code of the refusal. */
  why?: string;
}

/** Going through the list with J asks nothing. */
const AFTER_MS = 250;
/** Answers kept; the oldest goes. */
const KEPT = 40;

export class Lookup<T> {
  #answers = new Map<string, Answer<T>>();
  #waiting = '';
  #timer = 0;

  constructor(
    private readonly ask: (question: number) => Promise<T>,
    private readonly changed: () => void,
  ) {}

  /** The answer for this question in this `shape` (what makes an old answer worthless); asks when there is none. */
  of(question: number, shape: string | number): Answer<T> {
    const key = `${question}/${shape}`;
    const known = this.#answers.get(key);
    if (known) return known;
    if (this.#waiting !== key) {
      clearTimeout(this.#timer);
      this.#waiting = key;
      this.#timer = window.setTimeout(() => void this.#fetch(question, key), AFTER_MS);
    }
    return { state: 'loading' };
  }

  /** Asks again where it failed. */
  readonly retry = (): void => {
    for (const [key, { state }] of this.#answers) if (state === 'failed') this.#answers.delete(key);
    this.#waiting = '';
    this.changed();
  };

  async #fetch(question: number, key: string): Promise<void> {
    this.#keep(key, { state: 'loading' });
    try {
      this.#keep(key, { state: 'done', value: await this.ask(question) });
    } catch (error) {
      this.#keep(key, { state: 'failed', why: error instanceof Refused ? error.code : 'unavailable' });
    }
    this.changed();
  }

  #keep(key: string, answer: Answer<T>): void {
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > KEPT && oldest !== undefined) this.#answers.delete(oldest);
  }
}
