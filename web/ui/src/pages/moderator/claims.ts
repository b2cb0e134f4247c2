/**
 * The question this moderator works on: says so to the colleagues, renews the lease while the drawer is open, lets go on
 * leaving. Never decides what may be done: the server does.
 */
import { clock } from '../../live/clock.js';
import { Refused, type Connection, type Welcome } from '../../live/connection.js';
import type { Claim, ModeratedQuestion } from '../../live/wire.js';

/** The lease is 60 s: two renewals may be lost. */
const RENEW_MS = 20_000;
/** Passing over a card with J and K is not working on it. */
const DWELL_MS = 700;

export class Claims {
  /** The question claimed here. */
  held: number | undefined;
  #me: Welcome | undefined;
  #dwell = 0;
  #renew = 0;

  /** `lost` is told when somebody took the question over. */
  constructor(
    private readonly connection: Connection,
    private readonly lost: (question: number, by: string) => void,
  ) {}

  /** The running claim of this person. */
  mine(question: ModeratedQuestion): Claim | undefined {
    const claim = running(question);
    return claim && this.#isMe(claim) ? claim : undefined;
  }

  /** The running claim of a colleague. */
  others(question: ModeratedQuestion): Claim | undefined {
    const claim = running(question);
    return claim && !this.#isMe(claim) ? claim : undefined;
  }

  /** The person stays on this one: claims it after a moment, unless a colleague has it. */
  consider(question: ModeratedQuestion): void {
    if (this.held === question.id) return;
    this.leave();
    if (this.others(question)) return;
    this.#dwell = window.setTimeout(() => void this.claim(question.id), DWELL_MS);
  }

  /** Claims now; `take` from a colleague too. True when it is this person's. */
  async claim(id: number, take = false): Promise<boolean> {
    if (this.held !== id) this.leave();
    clearTimeout(this.#dwell);
    if (this.connection.state === 'offline') return false;
    this.held = id;
    clearInterval(this.#renew);
    this.#renew = window.setInterval(() => void this.#ask(id, false), RENEW_MS);
    return this.#ask(id, take);
  }

  /** Lets go. `settled`: an action of this person on it is on its way, and lets go by itself. */
  leave(settled = false): void {
    clearTimeout(this.#dwell);
    clearInterval(this.#renew);
    const id = this.held;
    this.held = undefined;
    if (id !== undefined && !settled && this.connection.state === 'live') this.connection.send('release', { question: id });
  }

  /** The line is back: the server may have let go meanwhile. */
  again(): void {
    if (this.held !== undefined) void this.#ask(this.held, false);
  }

  async #ask(id: number, take: boolean): Promise<boolean> {
    try {
      await this.connection.send('claim', { question: id, ...(take ? { take } : {}) }).done;
      return true;
    } catch (error) {
      if (this.held === id) {
        clearInterval(this.#renew);
        this.held = undefined;
      }
      if (error instanceof Refused && error.code === 'claimed') {
        const claim = (error.current as Partial<ModeratedQuestion> | undefined)?.claim;
        this.lost(id, claim?.by ?? '');
      }
      return false;
    }
  }

  #isMe(claim: Claim): boolean {
    // Without a line nobody is welcome; who one is stays.
    const me = (this.#me = this.connection.welcome ?? this.#me);
    return me?.staff ? claim.staff === me.staff : claim.by === me?.name;
  }
}

function running({ claim }: ModeratedQuestion): Claim | undefined {
  return claim && claim.until > clock.now() ? claim : undefined;
}
