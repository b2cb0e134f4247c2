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

/** Where each slot sits, slot 0 first. */
export function places(layout: Layout, count: number): Place[] {
  switch (layout) {
    case 'slate':
      return [];
    case 'full':
      return [{ left: 0, top: 0, width: 100, height: 100 }];
    case 'side_by_side':
      return [
        { left: 1.25, top: 26, width: 48, height: 48 },
        { left: 50.75, top: 26, width: 48, height: 48 },
      ];
    case 'picture_in_picture':
      return [
        { left: 0, top: 0, width: 100, height: 100 },
        { left: 70, top: 5, width: 27, height: 27 },
      ];
    case 'mosaic':
      return mosaic(count);
  }
}

/** A grid as near square as it gets; a short last row is centred. */
function mosaic(count: number): Place[] {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const gap = 1;
  const size = 100 / Math.max(columns, rows);
  const topMargin = (100 - size * rows) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const leftMargin = (100 - size * inRow) / 2;
    return {
      left: leftMargin + (index % columns) * size + gap / 2,
      top: topMargin + row * size + gap / 2,
      width: size - gap,
      height: size - gap,
    };
  });
}

export function sameScene(a: Scene | undefined, b: Scene | undefined): boolean {
  return !!a && !!b && a.layout === b.layout && a.slots.length === b.slots.length && a.slots.every((site, index) => site === b.slots[index]);
}
