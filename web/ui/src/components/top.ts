/** The page header: mark, names, what the page adds, language, theme, and the connection state, always last. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Connection } from '../live/connection.js';
import { local } from '../live/store.js';
import { common } from '../locales/common.js';
import { duration, lang, setLang } from '../locales/index.js';
import { Element, define } from './element.js';
import { icon, installSprite, mark } from './icon.js';

export class Top extends Element {
  @property() name = '';
  @property() subtitle = '';
  /** Where the mark leads; nothing for a page that is not left (director, site). */
  @property() home: string | undefined;
  /** Absent on pages without a live connection. */
  @property({ attribute: false }) connection: Connection | undefined;
  /** What the page puts before language and theme: chips, colleagues, clocks. */
  @property({ attribute: false }) extra: TemplateResult | typeof nothing = nothing;

  private stop: (() => void) | undefined;
  private ticking = 0;

  constructor() {
    super();
    installSprite();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
    clearInterval(this.ticking);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('connection')) return;
    this.stop?.();
    this.stop = this.connection?.listen(() => this.requestUpdate());
  }

  protected override updated(): void {
    // "offline since 12 s" counts by itself.
    const count = this.connection?.state === 'offline';
    if (count && !this.ticking) this.ticking = window.setInterval(() => this.requestUpdate(), 1000);
    if (!count && this.ticking) {
      clearInterval(this.ticking);
      this.ticking = 0;
    }
  }

  protected override render(): TemplateResult {
    const t = common();
    const names = html`${mark}<span class="top__name"><b>${this.name}</b>${this.subtitle ? html`<span>${this.subtitle}</span>` : nothing}</span>`;
    return html`<a class="skip" href="#contenu" @click=${skip}>${t.skip}</a>
      <header class="top">
        ${this.home
          ? html`<a class="top__mark" href=${this.home}>${names}</a>`
          : html`<div class="top__mark">${names}</div>`}
        <div class="top__end">
          ${this.extra}
          <button class="btn btn--quiet btn--icon" type="button" lang=${lang() === 'fr' ? 'en' : 'fr'} @click=${switchLang}>
            ${t.otherLang}<span class="vh">${t.otherLangLong}</span>
          </button>
          <button class="btn btn--quiet btn--icon" type="button" aria-label=${t.theme} @click=${switchTheme}>${icon('theme')}</button>
          ${this.connection ? connection(this.connection) : nothing}
        </div>
      </header>`;
  }
}
define('pl-top', Top);

/** The connection's state in words. The seconds are hidden from screen readers: they would be read every second. */
export function connection(live: Connection): TemplateResult {
  const t = common().conn;
  if (live.state !== 'offline') return html`<span class="conn" role="status" data-state=${live.state}>${t[live.state]}</span>`;
  if (live.crowded) return html`<span class="conn" role="status" data-state="offline">${t.crowded[live.crowded]}</span>`;
  const since = duration((performance.now() - live.lostAt) / 1000);
  return html`<span class="conn" role="status" data-state="offline"
    ><span class="vh">${t.offlineNow}</span><span class="num" aria-hidden="true">${t.offline(since)}</span></span
  >`;
}

function switchLang(): void {
  setLang(lang() === 'fr' ? 'en' : 'fr');
}

function switchTheme(): void {
  const root = document.documentElement;
  const next = getComputedStyle(root).colorScheme === 'dark' ? 'light' : 'dark';
  root.dataset['theme'] = next;
  local.set('pl-theme', next);
}

/** The fragment may carry the page's own state, so the skip link moves the focus itself. */
function skip(event: Event): void {
  event.preventDefault();
  const main = document.getElementById('contenu');
  if (!main) return;
  main.tabIndex = -1;
  main.focus();
  main.scrollIntoView();
}
