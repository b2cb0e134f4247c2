/**
 * A drawer: takes the focus when it opens, Escape closes it, and the focus goes back to where it came from.
 * `modal` also keeps the focus inside (a full-screen sheet on phones).
 */
import { html, nothing, type TemplateResult } from 'lit';
import { directive, AsyncDirective } from 'lit/async-directive.js';
import { type ElementPart, noChange } from 'lit';
import { common } from '../locales/common.js';
import { icon } from './icon.js';

class FocusInside extends AsyncDirective {
  private came: HTMLElement | null = null;
  private element: HTMLElement | undefined;

  override update(part: ElementPart): typeof noChange {
    if (!this.element) {
      this.element = part.element as HTMLElement;
      this.came = document.activeElement as HTMLElement | null;
      queueMicrotask(() => {
        const first = this.element?.querySelector<HTMLElement>('[data-first-focus]') ?? this.element;
        first?.focus({ preventScroll: true });
      });
    }
    return noChange;
  }

  override render(): typeof noChange {
    return noChange;
  }

  protected override disconnected(): void {
    const here = document.activeElement;
    // Only when the focus was inside, or fell to the body with it.
    if (here === null || here === document.body || this.element?.contains(here)) {
      queueMicrotask(() => this.came?.isConnected && this.came.focus({ preventScroll: true }));
    }
  }
}
/** `<div ${focusInside()} tabindex="-1">`: focus comes in when drawn and goes back when removed. */
export const focusInside = directive(FocusInside);

/** A drawer with a head, a scrolling body and a foot. */
export function drawer(options: {
  label: string;
  head: TemplateResult | string;
  body: TemplateResult;
  foot?: TemplateResult | typeof nothing;
  close: () => void;
}): TemplateResult {
  const key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    options.close();
  };
  return html`<aside class="drawer" aria-label=${options.label} tabindex="-1" @keydown=${key} ${focusInside()}>
    <div class="drawer__head">
      ${options.head}<span class="grow"></span>
      <button class="btn btn--quiet btn--icon" type="button" aria-label=${common().close} @click=${options.close}>${icon('x')}</button>
    </div>
    <div class="drawer__body" tabindex="0" role="region" aria-label=${options.label}>${options.body}</div>
    ${options.foot ? html`<div class="drawer__foot">${options.foot}</div>` : nothing}
  </aside>`;
}
