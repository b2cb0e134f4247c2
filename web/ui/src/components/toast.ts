/** Short messages at a reserved place; with Annuler when the act can be undone. Owns how long they stay. */
import { html, nothing, type TemplateResult } from 'lit';
import { common } from '../locales/common.js';
import { Element, define } from './element.js';

export interface Toast {
  text: string;
  /** What Annuler does. */
  undo?: (() => void) | undefined;
  /** Other words for the button (`Voir la question 46`). */
  label?: string | undefined;
  /** Milliseconds on screen: 6000 unless said. */
  ms?: number;
}

class Toasts extends Element {
  private shown: Toast | undefined;
  private timer = 0;

  show(toast: Toast): void {
    this.shown = toast;
    this.requestUpdate();
    this.start();
  }

  hide(): void {
    clearTimeout(this.timer);
    this.shown = undefined;
    this.requestUpdate();
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.hide(), this.shown?.ms ?? 6000);
  }

  protected override render(): TemplateResult {
    const toast = this.shown;
    // The region stays in the page: a live region must exist before its text does. Time stops under the pointer.
    return html`<div
      class="toasts"
      role="status"
      aria-live="polite"
      @pointerenter=${() => clearTimeout(this.timer)}
      @focusin=${() => clearTimeout(this.timer)}
      @pointerleave=${() => this.start()}
      @focusout=${() => this.start()}
    >
      ${toast
        ? html`<div class="toast">
            <span class="grow">${toast.text}</span>
            ${toast.undo
              ? html`<button class="btn btn--dense" type="button" @click=${() => this.act(toast)}>${toast.label ?? common().undo}</button>`
              : html`<span></span>`}
          </div>`
        : nothing}
    </div>`;
  }

  private act(toast: Toast): void {
    this.hide();
    toast.undo?.();
  }
}
define('pl-toasts', Toasts);

/** Shows a message; the last one wins. */
export function toast(text: string, undo?: () => void, label?: string): void {
  let place = document.querySelector<Toasts>('pl-toasts');
  if (!place) {
    place = document.createElement('pl-toasts') as Toasts;
    document.body.append(place);
  }
  place.show({ text, undo, label });
}

/** Takes the message away (its act was undone elsewhere). */
export function untoast(): void {
  document.querySelector<Toasts>('pl-toasts')?.hide();
}
