/** Owns which arrivals are shown already: new ones wait behind the '12 nouvelles' bar so that nothing moves while one reads. */

export class Arrivals {
  #shown = new Set<number>();

  /** Splits a list into what stands there and how many wait. With nothing left to read, the waiting ones come at once. */
  split<T extends { id: number }>(list: readonly T[]): { shown: T[]; waiting: T[] } {
    if (!list.some((one) => this.#shown.has(one.id))) this.reveal(list);
    return { shown: list.filter((one) => this.#shown.has(one.id)), waiting: list.filter((one) => !this.#shown.has(one.id)) };
  }

  /** Shows these from now on. */
  reveal(list: readonly { id: number }[]): void {
    for (const one of list) this.#shown.add(one.id);
  }
}

/** Arrivals in each of the last `minutes` minutes, oldest first. */
export function perMinute(askedAt: readonly number[], now: number, minutes: number): number[] {
  const counts = new Array<number>(minutes).fill(0);
  for (const at of askedAt) {
    const age = Math.floor((now - at) / 60_000);
    if (age >= 0 && age < minutes) counts[minutes - 1 - age]! += 1;
  }
  return counts;
}
