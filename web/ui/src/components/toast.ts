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
  /** What becomes true once the message is gone without having been undone (also when the page is left). */
  gone?: (() => void) | undefined;
  /** Milliseconds on screen: 6000 unless said. */
  ms?: number;
}

class Toasts extends Element {
  private shown: Toast | undefined;
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('pagehide', this.leave);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('pagehide', this.leave);
  }

  show(toast: Toast): void {
    this.leave();
    this.shown = toast;
    this.requestUpdate();
    this.start();
  }

  hide(): void {
    this.leave();
    this.requestUpdate();
  }

  /** The message goes, and what it announced becomes true. */
  private readonly leave = (): void => {
    clearTimeout(this.timer);
    const toast = this.shown;
    this.shown = undefined;
    toast?.gone?.();
  };

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
        ? html`<div class="toast" data-theme="dark">
            <span class="grow">${toast.text}</span>
            ${toast.undo
              ? html`<button class="btn btn--dense" type="button" @click=${() => this.act(toast)}>${toast.label ?? common().undo}</button>`
              : html`<span></span>`}
          </div>`
        : nothing}
    </div>`;
  }

  private act(toast: Toast): void {
    this.shown = undefined;
    clearTimeout(this.timer);
    this.requestUpdate();
    toast.undo?.();
  }
}
define('pl-toasts', Toasts);

/** Shows a message; the last one wins. `gone` is done once the time to undo is over. */
export function toast(text: string, undo?: () => void, label?: string, gone?: () => void): void {
  let place = document.querySelector<Toasts>('pl-toasts');
  if (!place) {
    place = document.createElement('pl-toasts') as Toasts;
    document.body.append(place);
  }
  place.show({ text, undo, label, gone });
}

/** Takes the message away (its act was undone elsewhere). */
export function untoast(): void {
  document.querySelector<Toasts>('pl-toasts')?.hide();
}
