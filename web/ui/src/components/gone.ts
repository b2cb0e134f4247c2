/** What a page says when its link does not open it, when nothing is there, or nobody answers. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Crowded } from '../live/crowded.js';
import { eventUrl } from '../live/event.js';
import { claims } from '../live/key.js';
import { common } from '../locales/common.js';
import { gone } from '../locales/gone.js';
import { date } from '../locales/index.js';
import { empty } from './parts.js';
import { icon } from './icon.js';

interface Refusal {
  code: string;
  detail: string;
}

/** A wrong, missing or expired key. `page` is the role's page as in the address. */
export function refusedPanel(page: string | undefined, event: string, key: string | undefined, refusal: Refusal | undefined): TemplateResult {
  const t = gone();
  const where = t.pages[page?.split('/')[0] ?? ''] ?? t.pages['other'] ?? '';
  return html`<main class="plainpage" id="contenu">
    <div class="panel">
      ${empty(
        'key',
        t.refusedTitle(where),
        html`${why(key, refusal)} ${t.ask}`,
        event ? html`<a class="btn btn--primary" href=${eventUrl(event)}>${icon('play')}${t.watch}</a>` : nothing,
        1,
      )}
    </div>
  </main>`;
}

/** The server's codes in words; what the key says of itself when it was good once. */
function why(key: string | undefined, refusal: Refusal | undefined): string {
  const t = gone();
  if (key === undefined) return t.missing;
  const exp = claims(key)?.exp;
  const over = exp !== undefined && exp * 1000 < Date.now();
  const expired = over ? t.expiredOn(date(exp * 1000, undefined, false)) : t.expired;
  switch (refusal?.code) {
    case 'key_expired':
      return expired;
    case 'key_revoked':
      return t.revoked;
    case 'key_wrong_event':
      return t.wrongEvent;
    case 'key_not_allowed':
    case 'not_allowed':
      return t.notAllowed;
    // Said of a page that was open when its key came to an end, one way or the other.
    case 'wrong_key':
      return over ? expired : t.ended;
    default:
      return over ? expired : t.wrong;
  }
}

/** The server takes no more lines; the page goes on trying. */
export function crowdedPanel(crowded: Crowded, event: string, retry: () => void): TemplateResult {
  const t = gone();
  return html`<main class="plainpage" id="contenu">
    <div class="panel" role="status">
      ${empty(
        'hands',
        t.crowdedTitle[crowded],
        t.crowded[crowded],
        html`<div class="row"><button class="btn btn--primary" type="button" @click=${retry}>${icon('refresh')}${common().retry}</button><a class="btn" href=${eventUrl(event)}>${icon('play')}${t.watch}</a></div>`,
        1,
      )}
    </div>
  </main>`;
}

/** Nobody answers: the network of this device, or the server. */
export function awayPanel(retry: () => void): TemplateResult {
  const t = gone();
  const words = navigator.onLine ? t.away : t.noNetwork;
  return html`<main class="plainpage" id="contenu">
    <div class="panel" role="status">
      ${empty('warn', words.title, words.text, html`<button class="btn btn--primary" type="button" @click=${retry}>${icon('refresh')}${common().retry}</button>`, 1)}
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
