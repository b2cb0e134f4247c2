/** Values in step with the picture: what the server said of time `at` is shown when the picture shown reaches it. */

/** Keeps what was said of a value, so that it can be read at any programme time heard. */
export class Stepped<T> {
  private readonly said: { at: number; value: T | undefined }[] = [];
  private last: unknown = Symbol('nothing yet');

  /** Bounded: an event has a few hundred cuts; older ones are dropped, reading before them gives the oldest kept. */
  private static readonly KEPT = 500;

  /** Takes the value as it now is; `at` is programme time. The same object again is not a change. */
  hear(value: T | undefined, at: number): void {
    if (value === this.last) return;
    this.last = value;
    const place = this.said.findLastIndex((one) => one.at <= at) + 1;
    this.said.splice(place, 0, { at, value });
    if (this.said.length > Stepped.KEPT) this.said.shift();
  }

  /** The value when the picture shows programme time `date`; the last one known when no picture is shown. */
  at(date: number | undefined): T | undefined {
    if (date === undefined) return this.said.at(-1)?.value;
    return (this.said.findLast((one) => one.at <= date) ?? this.said[0])?.value;
  }
}
