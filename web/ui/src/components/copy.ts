/** A value to copy (an address for an encoder, a key). */
import { html, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { common } from '../locales/common.js';
import { Element, define } from './element.js';
import { icon } from './icon.js';

export class Copy extends Element {
  @property() label = '';
  @property() value = '';
  @state() private copied = false;

  protected override render(): TemplateResult {
    const t = common();
    return html`<div class="copy">
      <span class="copy__label">${this.label}</span>
      <div class="copy__line">
        <code tabindex="0" role="group" aria-label=${this.label}>${this.value}</code>
        <button class="btn" type="button" aria-label=${`${t.copy} : ${this.label}`} @click=${() => void this.copy()}>
          ${icon(this.copied ? 'check' : 'copy')}<span aria-live="polite">${this.copied ? t.copied : t.copy}</span>
        </button>
      </div>
    </div>`;
  }

  private async copy(): Promise<void> {
    if (!(await copyText(this.value))) return this.select();
    this.copied = true;
    setTimeout(() => (this.copied = false), 2000);
  }

  private select(): void {
    const code = this.querySelector('code');
    if (code) getSelection()?.selectAllChildren(code);
  }
}
define('pl-copy', Copy);

/** Copies to the clipboard; false when the browser refuses (plain HTTP, embedded page). */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'vh';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
