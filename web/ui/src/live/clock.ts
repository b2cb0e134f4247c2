/**
 * The server's clock as this page knows it. `at` in the protocol is programme time on the same scale; the visitor's own
 * clock may be wrong by hours and is never shown.
 */

/** Time on the server, from the best of the last exchanges. */
export class ServerClock {
  /** Server minus this machine, milliseconds. */
  private offset = 0;
  private best = Infinity;

  /** Takes one exchange: `now` was said by the server between `sent` and `received` (performance.now). */
  sample(now: number, sent: number, received: number): void {
    const round = received - sent;
    // A short exchange is a precise one; older precise ones age by 1 ms a second so that drift is followed.
    this.best += 1;
    if (round > this.best) return;
    this.best = round;
    this.offset = now + round / 2 - (performance.timeOrigin + received);
  }

  /** What a former life of the page knew, until the first exchange: server minus this machine's own clock, milliseconds. */
  suppose(ahead: number): void {
    if (this.best === Infinity) this.offset = Date.now() + ahead - performance.timeOrigin - performance.now();
  }

  /** Milliseconds since 1970, as the server counts. */
  now(): number {
    return performance.timeOrigin + performance.now() + this.offset;
  }
}

/** One clock a page: every connection feeds it, every countdown reads it. */
export const clock = new ServerClock();
