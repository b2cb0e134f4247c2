/** When to come back after the line was lost. Decides only: the clock and the dice are the caller's. */

/** How the line was lost. */
export interface Loss {
  /** Attempts that failed since it last held. */
  attempt: number;
  /** Close code, and its reason text. */
  code: number;
  reason: string;
  /** Over how long the server wants its clients to spread their return (milliseconds, `welcome.spread_ms`). */
  spreadMs: number;
}

/** The server is fine: this client was too slow, and is welcome back at once. */
export const TOO_SLOW = 4409;
/** The server restarts and says `back in N ms`. */
export const RESTART = 1012;

/** The first wait is drawn from this many milliseconds, twice as many each time after. */
const FIRST_MS = 1000;
/** No wait is drawn from more, unless the server asks for a wider spread. */
const LONGEST_MS = 8000;
/** What a server may ask for at most. */
const TOLD_AT_MOST_MS = 60_000;

/** Milliseconds before the next attempt: full jitter, since thousands lost the line at the same instant. */
export function waitMs({ attempt, code, reason, spreadMs }: Loss, dice: () => number = Math.random): number {
  const told = code === RESTART && attempt === 0 ? backInMs(reason) : undefined;
  if (told !== undefined) return told;
  const longest = Math.max(LONGEST_MS, spreadMs);
  const backoff = dice() * Math.min(longest, FIRST_MS * 2 ** Math.min(attempt, 16));
  // Once spread, clients stay spread: only the first return is drawn over the whole width.
  return attempt === 0 && code !== TOO_SLOW ? backoff + dice() * spreadMs : backoff;
}

/** N of `back in N ms`, chosen by the server for this connection alone. */
export function backInMs(reason: string): number | undefined {
  const found = /^back in (\d{1,9}) ms$/.exec(reason.trim())?.[1];
  return found === undefined ? undefined : Math.min(Number(found), TOLD_AT_MOST_MS);
}
