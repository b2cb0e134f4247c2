/** The small static blocks of components.css as templates. No state, no behaviour. */
import { html, nothing, type TemplateResult } from 'lit';
import { common } from '../locales/common.js';
import { icon, type IconName } from './icon.js';

type Content = TemplateResult | string | number | typeof nothing;

export type StatusKind = 'air' | 'ready' | 'look' | 'ink';

/** A status word with its shape. */
export function status(name: IconName, text: Content, kind?: StatusKind): TemplateResult {
  return html`<span class="status" data-kind=${kind ?? nothing}>${icon(name)}<span>${text}</span></span>`;
}

/** A filled plate: À L'ANTENNE, PRÉVISUALISATION. */
export function plate(text: Content, kind?: 'air' | 'preview' | 'look'): TemplateResult {
  return html`<span class="plate" data-kind=${kind ?? nothing}>${text}</span>`;
}

/** A chip for a theme, a public or a site. */
export function chip(kind: 'theme' | 'public' | 'site', text: string): TemplateResult {
  const glyph: IconName = kind === 'theme' ? 'tag' : kind === 'public' ? 'person' : 'ring';
  return html`<span class="chip">${icon(glyph)}${text}</span>`;
}

/** A count beside a tab. */
export function count(n: number): TemplateResult {
  return html`<span class="count">${n}</span>`;
}

/** A key of the keyboard beside the words of its button. */
export function kbd(key: string): TemplateResult {
  return html`<kbd class="kbd" aria-hidden="true">${key}</kbd>`;
}

/** Initials in a disc. */
export function avatar(name: string, options: { me?: boolean; large?: boolean } = {}): TemplateResult {
  const initials = name
    .split(/[\s-]+/)
    .map((part) => part.charAt(0))
    .join('')
    .slice(0, 2)
    .toUpperCase();
  return html`<span class=${`avatar${options.large ? ' avatar--l' : ''}`} ?data-me=${options.me} title=${name} aria-hidden="true">${initials}</span>`;
}

/** What will appear here, and what to do meanwhile. */
export function empty(glyph: IconName, title: string, text: Content, action: Content = nothing, level: 1 | 2 | 3 = 2): TemplateResult {
  return html`<div class="empty">
    ${icon(glyph, 'l')}${level === 1 ? html`<h1>${title}</h1>` : level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`}
    <p>${text}</p>
    ${action}
  </div>`;
}

/** What happened, and a way on. */
export function failed(text: Content, retry?: () => void): TemplateResult {
  return banner(
    'look',
    'warn',
    text,
    retry
      ? html`<button class="btn btn--dense" type="button" @click=${retry}>${icon('refresh', 's')}${common().retry}</button>`
      : nothing,
  );
}

/** A banner: amber to look at, green when ready. */
export function banner(kind: 'look' | 'ready' | 'plain', glyph: IconName, text: Content, action: Content = nothing): TemplateResult {
  return html`<div class="banner" data-kind=${kind} role=${kind === 'look' ? 'alert' : 'status'}>
    ${icon(glyph)}
    <p class="grow">${text}</p>
    ${action}
  </div>`;
}

/** Cards of the right size while a list is on its way. */
export function skeletonCards(n = 3): TemplateResult {
  return html`<div class="list" role="status" aria-label=${common().loading}>
    ${Array.from(
      { length: n },
      (_, i) => html`<div class="q q--dense" aria-hidden="true">
        <span class="skeleton" style=${`width:${30 + ((i * 17) % 20)}%`}></span><span class="skeleton"></span
        ><span class="skeleton" style=${`width:${52 + ((i * 23) % 30)}%`}></span>
      </div>`,
    )}
  </div>`;
}

/** A level meter. `db` is dBFS from -60 to 0; `silent` hatches it. */
export function meter(db: number, options: { silent?: boolean; tall?: boolean; big?: boolean; label?: string } = {}): TemplateResult {
  const level = Math.max(0, Math.min(100, Math.round(((db + 60) / 60) * 100)));
  const classes = `meter${options.tall ? ' meter--tall' : ''}${options.big ? ' meter--big' : ''}`;
  return html`<span
    class=${classes}
    style=${`--level:${level}%`}
    ?data-silent=${options.silent}
    role=${options.label ? 'meter' : nothing}
    aria-label=${options.label ?? nothing}
    aria-valuemin=${options.label ? -60 : nothing}
    aria-valuemax=${options.label ? 0 : nothing}
    aria-valuenow=${options.label ? Math.round(Math.max(-60, Math.min(0, db))) : nothing}
  ></span>`;
}

/** A switch with words. */
export function toggle(text: string, on: boolean, change: (on: boolean) => void, disabled = false): TemplateResult {
  return html`<button class="switch" type="button" role="switch" aria-checked=${String(on)} ?disabled=${disabled} @click=${() => change(!on)}>
    ${text}
  </button>`;
}

/** A segmented choice. */
export function segments<T extends string>(
  label: string,
  options: readonly (readonly [T, string])[],
  chosen: T,
  choose: (value: T) => void,
): TemplateResult {
  return html`<span class="seg" role="group" aria-label=${label}
    >${options.map(
      ([value, text]) =>
        html`<button type="button" aria-pressed=${String(value === chosen)} @click=${() => choose(value)}>${text}</button>`,
    )}</span
  >`;
}
