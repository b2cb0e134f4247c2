/** What a page says when its link does not open it, or when nothing is there. */
import { html, nothing, type TemplateResult } from 'lit';
import { eventUrl } from '../live/event.js';
import { claims } from '../live/key.js';
import { gone } from '../locales/gone.js';
import { empty } from './parts.js';
import { icon } from './icon.js';

/** A wrong, missing or expired key. `page` is the role's page as in the address. */
export function refusedPanel(
  page: string | undefined,
  event: string,
  hadKey: boolean,
  refusal: { code: string; detail: string } | undefined,
  key?: string,
): TemplateResult {
  const t = gone();
  const where = t.pages[page?.split('/')[0] ?? ''] ?? t.pages['other'] ?? '';
  const exp = key ? claims(key)?.exp : undefined;
  const why =
    refusal?.code === 'expired' || (exp !== undefined && exp * 1000 < Date.now())
      ? t.expired
      : refusal?.code === 'revoked'
        ? t.revoked
        : hadKey
          ? t.wrong
          : t.missing;
  return html`<main class="plainpage" id="contenu">
    <div class="panel">
      ${empty(
        'key',
        t.refusedTitle(where),
        html`${why} ${t.ask}`,
        html`${event ? html`<a class="btn btn--primary" href=${eventUrl(event)}>${icon('play')}${t.watch}</a>` : nothing}
        ${refusal?.detail ? html`<p class="small">${t.said(refusal.detail)}</p>` : nothing}`,
        1,
      )}
    </div>
  </main>`;
}

/** Nothing at this address. */
export function missingPanel(): TemplateResult {
  const t = gone();
  return html`<main class="plainpage" id="contenu">
    <div class="panel">
      ${empty('search', t.missingTitle, t.missingText, html`<a class="btn btn--primary" href="/">${t.allEvents}</a>`, 1)}
    </div>
  </main>`;
}
