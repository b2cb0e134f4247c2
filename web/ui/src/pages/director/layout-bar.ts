/** The layouts as small pictures of themselves, and the slots of the one chosen. Draws only. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { kbd } from '../../components/parts.js';
import type { EventInfo } from '../../live/wire.js';
import { director } from '../../locales/director.js';
import { LAYOUTS, places, slotCount, type Layout } from './layouts.js';
import type { Panel } from './panel-state.js';

export function layoutBar(panel: Panel, event: EventInfo): TemplateResult {
  const t = director();
  const chosen = panel.preview.layout;
  return html`<div class="lays" role="group" aria-label=${t.layoutGroup}>
      ${LAYOUTS.map(
        (layout) => html`<button class="lay" type="button" aria-pressed=${String(layout === chosen)} @click=${() => panel.setLayout(layout)}>${drawing(layout, event.sites.length)}${t.layouts[layout]}</button>`,
      )}
    </div>
    ${slots(panel, event)}`;
}

/** The layout at 64 by 36, from the same places as the preview. */
function drawing(layout: Layout, sites: number): TemplateResult {
  const shown = places(layout, slotCount(layout, sites));
  const boxes = shown.map((place, index) => {
    const inset = layout === 'picture_in_picture' && index === 1;
    const box = { x: 2 + place.left * 0.6, y: 2 + place.top * 0.32, width: place.width * 0.6 - 0.6, height: place.height * 0.32 - 0.6 };
    return svg`<rect x=${box.x} y=${box.y} width=${box.width} height=${box.height} rx="1.5" stroke=${inset ? 'var(--surface)' : 'none'} stroke-width="2"/>`;
  });
  const slate = svg`<rect x="2" y="2" width="60" height="32" rx="2" fill-opacity=".4"/><path d="M28 12v12M36 12v12" stroke="currentColor" stroke-width="3" stroke-linecap="round"/>`;
  return html`<svg viewBox="0 0 64 36" aria-hidden="true" fill="currentColor">${layout === 'slate' ? slate : boxes}</svg>`;
}

function slots(panel: Panel, event: EventInfo): TemplateResult {
  const t = director();
  const scene = panel.preview;
  if (scene.layout === 'slate') return html`<div class="slots"><span class="small muted">${t.slateNote}</span></div>`;
  if (scene.layout === 'mosaic') return mosaicSlots(panel, event);
  const names = t.slotNames[scene.layout] ?? [];
  return html`<div class="slots" role="group" aria-label=${t.slots}>
    <span class="small muted">${t.slotsShort}</span>
    ${names.map((place, index) => {
      const site = event.sites.find((one) => one.id === scene.slots[index]);
      return html`<button class="btn btn--dense" type="button" aria-pressed=${String(index === panel.slot)} @click=${() => panel.chooseSlot(index)}>
        ${site ? html`${kbd(String(site.number))}${t.slot(site.name, place)}` : `${t.emptySlot}, ${place}`}
      </button>`;
    })}
    ${names.length === 2 && scene.slots.length === 2
      ? html`<button class="btn btn--dense btn--quiet wide" type="button" @click=${() => panel.swap()}>${icon('refresh', 's')}${t.swap}</button>`
      : nothing}
  </div>`;
}

function mosaicSlots(panel: Panel, event: EventInfo): TemplateResult {
  const t = director();
  const inside = panel.preview.slots;
  return html`<div class="slots slots--mosaic" role="group" aria-label=${t.slots}>
    ${event.sites.map(
      (site) => html`<button class="btn btn--dense" type="button" aria-pressed=${String(inside.includes(site.id))} @click=${() => panel.putSite(site.id)}>${kbd(String(site.number))}${site.name}</button>`,
    )}
    <span class="small muted">${t.mosaicNote(inside.length)}</span>
  </div>`;
}
