/** Owns how a layout arranges its slots, and what filling a slot does. Draws nothing; mirrors media/core `layout` for the preview. */

import type { Layout, Preview as Scene } from '../../live/wire.js';

export type { Layout, Preview as Scene } from '../../live/wire.js';

/** A slot's place in per cent of the picture. */
export interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const LAYOUTS: readonly Layout[] = ['full', 'side_by_side', 'picture_in_picture', 'mosaic', 'slate'];

/** Most sites a mosaic shows. */
export const MOSAIC_MOST = 9;

/** How many slots a layout has; a mosaic has as many as it is given. */
export function slotCount(layout: Layout, given: number): number {
  switch (layout) {
    case 'slate':
      return 0;
    case 'full':
      return 1;
    case 'side_by_side':
    case 'picture_in_picture':
      return 2;
    case 'mosaic':
      return Math.min(MOSAIC_MOST, Math.max(1, given));
  }
}

/** Whether every slot has a site, so that the scene can be taken. */
export function complete(scene: Scene): boolean {
  if (scene.layout === 'mosaic') return scene.slots.length >= 1 && scene.slots.length <= MOSAIC_MOST;
  return scene.slots.length === slotCount(scene.layout, 0);
}

/** The scene a layout button asks for: keeps the sites already chosen, completes with the first ones that are there. */
export function withLayout(scene: Scene, layout: Layout, present: readonly string[]): Scene {
  if (layout === 'mosaic') return { layout, slots: present.slice(0, MOSAIC_MOST) };
  const wanted = slotCount(layout, 0);
  const slots = scene.slots.slice(0, wanted);
  for (const site of present) {
    if (slots.length >= wanted) break;
    if (!slots.includes(site)) slots.push(site);
  }
  return { layout, slots };
}

/**
 * Puts a site into the slot at `at` and names the slot that comes next. In a mosaic a site joins or leaves. A site that is
 * already in another slot changes places with the one it pushes out.
 */
export function withSite(scene: Scene, site: string, at: number): { scene: Scene; next: number } {
  if (scene.layout === 'slate') return { scene: { layout: 'full', slots: [site] }, next: 0 };
  if (scene.layout === 'mosaic') return { scene: { ...scene, slots: toggled(scene.slots, site) }, next: 0 };
  const slots = scene.slots.slice();
  const count = slotCount(scene.layout, 0);
  const slot = Math.min(at, slots.length, count - 1);
  const elsewhere = slots.indexOf(site);
  const pushed = slots[slot];
  if (elsewhere >= 0 && pushed !== undefined) slots[elsewhere] = pushed;
  slots[slot] = site;
  return { scene: { ...scene, slots }, next: (slot + 1) % count };
}

function toggled(slots: readonly string[], site: string): string[] {
  if (slots.includes(site)) return slots.length > 1 ? slots.filter((other) => other !== site) : slots.slice();
  return slots.length < MOSAIC_MOST ? [...slots, site] : slots.slice();
}

const FRAME = { width: 1280, height: 720 };
const GUTTER = 16;
const MARGIN = 24;

/** Where each slot sits, slot 0 first: the numbers of media/core `layout`, so that the preview shows what will be taken. */
export function places(layout: Layout, count: number): Place[] {
  switch (layout) {
    case 'slate':
      return [];
    case 'full':
      return [percent(0, 0, FRAME.width)];
    case 'side_by_side':
      return grid([2]);
    case 'picture_in_picture':
      return [percent(0, 0, FRAME.width), percent(FRAME.width - 384 - 32, 32, 384)];
    case 'mosaic':
      return grid(rowsOf(count)).slice(0, count);
  }
}

function percent(x: number, y: number, width: number): Place {
  return { left: (x / FRAME.width) * 100, top: (y / FRAME.height) * 100, width: (width / FRAME.width) * 100, height: (width / FRAME.width) * 100 };
}

/** Tiles in each row; odd numbers are balanced around the middle. */
function rowsOf(count: number): number[] {
  return [[1], [1], [2], [2, 1], [2, 2], [3, 2], [3, 3], [2, 3, 2], [3, 2, 3], [3, 3, 3]][Math.min(count, MOSAIC_MOST)] ?? [1];
}

/** Equal 16:9 tiles, as large as the fullest row and the number of rows allow; each row and the whole are centred. */
function grid(rows: number[]): Place[] {
  const columns = Math.max(...rows);
  const byWidth = (FRAME.width - 2 * MARGIN - (columns - 1) * GUTTER) / columns;
  const byHeight = (((FRAME.height - 2 * MARGIN - (rows.length - 1) * GUTTER) / rows.length) * 16) / 9;
  const width = Math.floor(Math.min(byWidth, byHeight) / 32) * 32;
  const height = (width * 9) / 16;
  const top = (FRAME.height - rows.length * height - (rows.length - 1) * GUTTER) / 2;
  return rows.flatMap((tiles, row) => {
    const left = (FRAME.width - tiles * width - (tiles - 1) * GUTTER) / 2;
    return Array.from({ length: tiles }, (_, index) => percent(left + index * (width + GUTTER), top + row * (height + GUTTER), width));
  });
}

export function sameScene(a: Scene | undefined, b: Scene | undefined): boolean {
  return !!a && !!b && a.layout === b.layout && a.slots.length === b.slots.length && a.slots.every((site, index) => site === b.slots[index]);
}
