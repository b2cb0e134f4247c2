/** Clocks and countdowns on the server's time. Tabular, and quiet for screen readers. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { clock } from '../live/clock.js';
import { clockText, time } from '../locales/index.js';
import { Element, define } from './element.js';
import { Ticker } from './tick.js';

/** `<pl-tick>`: the time of day, or with `ends` what is left (negative past the end). */
export class Tick extends Element {
  /** Server milliseconds. */
  @property({ type: Number }) ends: number | undefined;
  /** Server milliseconds: counts up from there. */
  @property({ type: Number }) since: number | undefined;
  @property() zone: string | undefined;
  @property({ type: Boolean }) seconds = false;
  /** '', 'l' or 'xl'. */
  @property() size = '';
  @property() label = '';

  constructor() {
    super();
    new Ticker(this, 250);
  }

  protected override render(): TemplateResult {
    const now = clock.now();
    const size = this.size ? ` clock--${this.size}` : '';
    return html`<span class=${`clock${size}`} role="timer" aria-live="off" aria-label=${this.label || nothing}>${this.text(now)}</span>`;
  }

  private text(now: number): string {
    if (this.ends !== undefined) {
      const left = (this.ends - now) / 1000;
      return left < 0 ? `+${clockText(-left)}` : clockText(Math.ceil(left));
    }
    if (this.since !== undefined) return clockText((now - this.since) / 1000);
    return time(now, this.zone, this.seconds);
  }
}
define('pl-tick', Tick);
