/** `<pl-lease>`: the seconds a claim still runs. Ticks by itself, so that the page need not. */
import { html, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { Element, define } from '../../components/element.js';
import { Ticker } from '../../components/tick.js';
import { clock } from '../../live/clock.js';
import { duration } from '../../locales/index.js';

export class Lease extends Element {
  /** Server milliseconds. */
  @property({ type: Number }) until = 0;

  constructor() {
    super();
    new Ticker(this, 1000);
  }

  protected override render(): TemplateResult {
    // Seconds are for the eye: read out, they would never stop.
    return html`<span class="num" aria-hidden="true">${duration(Math.max(0, (this.until - clock.now()) / 1000))}</span>`;
  }
}
define('pl-lease', Lease);
