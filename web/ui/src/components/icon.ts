/** Icons from the sprite. Decoration only: the name of a control is always in words. */
import { html, render, svg, type TemplateResult } from 'lit';
import { sprite, type IconName } from './sprite.js';

export type { IconName } from './sprite.js';

/** An icon; `size` `s` 16 px, `l` 32 px, else 20 px. */
export function icon(name: IconName, size?: 's' | 'l'): TemplateResult {
  return html`<svg class="i${size ? ` i--${size}` : ''}" aria-hidden="true" focusable="false"><use href=${`#i-${name}`}></use></svg>`;
}

/** Puts the sprite in the document, once. Called by the page header. */
export function installSprite(): void {
  if (document.getElementById('pl-sprite')) return;
  const holder = document.createElement('div');
  holder.id = 'pl-sprite';
  holder.hidden = true;
  render(html`<svg width="0" height="0" aria-hidden="true" focusable="false">${sprite}</svg>`, holder);
  document.body.prepend(holder);
}

/** The mark of the project, for headers. */
export const mark = svg`<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><use href="#i-mark"></use></svg>`;
