/** Which rows of a long list are drawn: pure arithmetic over heights, no DOM. */

/** Rows `from` (included) to `to` (excluded). */
export interface Span {
  from: number;
  to: number;
}

/** The rows that a window from `top` over `view` pixels touches, with `over` pixels more on both sides. */
export function span(heights: readonly number[], gap: number, top: number, view: number, over: number): Span {
  let from = heights.length;
  let to = 0;
  let at = 0;
  for (const [index, height] of heights.entries()) {
    if (at + height >= top - over && at <= top + view + over) {
      from = Math.min(from, index);
      to = index + 1;
    }
    at += height + gap;
  }
  return from < to ? { from, to } : { from: 0, to: 0 };
}

/** Where a row begins. */
export function offsetOf(heights: readonly number[], gap: number, index: number): number {
  return heights.slice(0, index).reduce((sum, height) => sum + height + gap, 0);
}

/** A drawn row, or the room that `count` undrawn ones before the next drawn row take. */
export type Piece = { row: number } | { space: number; before: number };

/** Drawn rows (`span` and `also`) and the spaces between them, in order. */
export function pieces(heights: readonly number[], gap: number, { from, to }: Span, also: number): Piece[] {
  const drawn = Array.from({ length: to - from }, (_, index) => from + index);
  if (also >= 0 && also < from) drawn.unshift(also);
  if (also >= to && also < heights.length) drawn.push(also);
  const out: Piece[] = [];
  let next = 0;
  for (const row of [...drawn, heights.length]) {
    if (row > next) out.push({ space: offsetOf(heights.slice(next, row), gap, row - next) - gap, before: row });
    if (row < heights.length) out.push({ row });
    next = row + 1;
  }
  return out;
}
