/** The banner that answers one question: are we on air? Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import '../../components/clock.js';
import { icon } from '../../components/icon.js';
import type { OnAir, Ready, SiteTally } from '../../live/wire.js';
import { site } from '../../locales/site.js';

export interface TallyState {
  name: string;
  /** Whether the server has said it; what it said may be old. */
  known: 'no' | 'old' | 'yes';
  /** The event is over. */
  over: boolean;
  tally: SiteTally | undefined;
  standby: Ready | undefined;
  air: OnAir | undefined;
  /** When this room is expected on air next, in words; nothing when no session to come names it. */
  next: string | undefined;
  /** "We are ready" is on its way. */
  readying: boolean;
  ready(): void;
}

export function tallyBanner(state: TallyState): TemplateResult {
  const t = site().tally;
  const now = state.tally?.state ?? 'off';
  if (state.known === 'no') return banner('hors', 'ring', t.unknown.title, t.unknown.text, nothing);
  const old = state.known === 'old' ? ` ${t.old}` : '';
  if (now === 'air') {
    return banner('air', 'air', t.air.title, `${t.air.text(state.name)}${old}`, html`<div class="end">
      <pl-tick .since=${state.tally?.since} size="l" .label=${t.since}></pl-tick>
      ${state.air?.question ? html`<p>${t.question(state.air.question.number)}</p>` : nothing}
    </div>`);
  }
  if (now === 'standby') return banner('pret', 'next', t.standby.title, `${state.standby?.ready_at ? t.readySaid : t.standby.text}${old}`, readyButton(state));
  const coming = state.over ? ` ${t.over}` : state.next ? ` ${t.off.next(state.next)}` : '';
  return banner('hors', 'ring', t.off.title, `${t.off.text}${old || coming}`, nothing);
}

function readyButton(state: TallyState): TemplateResult | typeof nothing {
  if (state.standby?.ready_at) return nothing;
  return html`<div class="end">
    <button class="btn btn--ready btn--big" type="button" aria-busy=${String(state.readying)} ?disabled=${state.readying} @click=${() => state.ready()}>
      ${state.readying ? nothing : icon('check')}${site().ready}
    </button>
  </div>`;
}

function banner(is: string, glyph: 'air' | 'next' | 'ring', title: string, text: string, end: TemplateResult | typeof nothing): TemplateResult {
  return html`<section class="tally" data-is=${is} aria-label=${title}>
    ${icon(glyph)}
    <div role="status"><b>${title}</b><p>${text}</p></div>
    ${end}
  </section>`;
}
