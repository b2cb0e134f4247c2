/** The base of every element: light DOM, so that the one stylesheet applies, and drawn again when the language changes. */
import { LitElement } from 'lit';
import { onLang } from '../locales/index.js';

export class Element extends LitElement {
  private stopLang: (() => void) | undefined;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.stopLang = onLang(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopLang?.();
  }
}

/** Defines an element once. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
