/** Preview, take, programme, and what is wrong above them. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { kbd, plate } from '../../components/parts.js';
import type { EventInfo, ModeratedQuestion } from '../../live/wire.js';
import { clockText } from '../../locales/index.js';
import { director } from '../../locales/director.js';
import { ago, atLength, engineTrouble, linked, type Trouble } from './health.js';
import { complete, places } from './layouts.js';
import type { Panel } from './panel-state.js';
import type { Pictures } from './pictures.js';
import type { Engine } from '../../live/wire.js';

/** A taken scene that is not in the picture after this long is worth saying. */
const TAKE_PATIENCE_MS = 1500;

export function healthLine(panel: Panel, event: EventInfo, wrong: readonly Trouble[], now: number, writeTo: (site: string) => void): TemplateResult {
  const t = director();
  const line = (kind: 'look' | 'plain', text: TemplateResult | string, action: TemplateResult | typeof nothing = nothing): TemplateResult =>
    html`<div class="banner health" data-kind=${kind} role="status">${icon(kind === 'look' ? 'warn' : 'okc')}<p class="grow">${text}</p>${action}</div>`;
  if (panel.away) return line('look', t.offline);
  const engine = engineTrouble(panel.direct.get('engine') as Engine | undefined);
  if (engine) return line('look', engine);
  const worst = wrong[0];
  if (worst) {
    const others = new Set(wrong.map((one) => one.site)).size - 1;
    return line(
      'look',
      html`<b>${t.of(worst.name)}</b> ${atLength(worst, now)} ${others > 0 ? html`<span class="muted">${t.more(others)}</span>` : nothing}`,
      html`<button class="btn btn--dense" type="button" @click=${() => writeTo(worst.site)}>${icon('talk', 's')}${t.writeTo(worst.name)}</button>`,
    );
  }
  const late = unseen(panel, now);
  if (late !== undefined) return line('look', t.notShown(late));
  if (panel.running?.masked) return line('look', t.maskedNow);
  const there = linked(event, panel.direct);
  return line('plain', there === 0 ? t.noneThere : t.allFine(there));
}

/** For how long a take has been waiting to be seen, when that is longer than it should. */
function unseen(panel: Panel, now: number): string | undefined {
  const { intent } = panel;
  if (!intent || intent.shown_at !== undefined || now - intent.asked_at < TAKE_PATIENCE_MS) return undefined;
  return ago(intent.asked_at, now);
}

export function previewPane(panel: Panel, pictures: Pictures): TemplateResult {
  const t = director();
  const scene = panel.preview;
  const where = places(scene.layout, scene.slots.length);
  return html`<section class="bus__pvw" aria-label=${t.previewOf(panel.describe(scene))}>
    <div class="bus__head">${plate(t.preview, 'preview')}<span class="muted ellipsis">${t.layouts[scene.layout]}</span></div>
    <div class="frame" data-tally="preview">
      <div class="pic drawn">
        ${scene.layout === 'slate' ? html`<p class="slateword">${icon('pause', 'l')}${t.layouts.slate}</p>` : nothing}
        ${where.map((place, index) => {
          const site = scene.slots[index];
          const style = `left:${place.left}%;top:${place.top}%;width:${place.width}%;height:${place.height}%`;
          return html`<div class="slot" style=${style} ?data-empty=${site === undefined}>
            ${site === undefined
              ? html`<span class="slot__free">${t.emptySlot}</span>`
              : html`<pl-room-picture .site=${site} .pictures=${pictures} .label=${panel.siteName(site)}></pl-room-picture><span class="slot__name">${panel.siteName(site)}</span>`}
          </div>`;
        })}
      </div>
    </div>
  </section>`;
}

export function takeColumn(panel: Panel, next: ModeratedQuestion | undefined, airNext: () => void): TemplateResult {
  const t = director();
  const busy = panel.pending.has('take');
  const slate = { layout: 'slate' as const, slots: [] };
  return html`<div class="take">
    <button class="btn btn--primary" type="button" aria-busy=${String(busy)} ?disabled=${!complete(panel.preview)} @click=${() => panel.take()}>
      <span>${busy ? t.taking : t.take}</span>${busy ? nothing : kbd(t.takeKey)}
    </button>
    ${next ? html`<button class="btn phone" type="button" @click=${airNext}>${icon('next')}${t.questionN(next.number)}</button>` : nothing}
    <button class="btn phone" type="button" @click=${() => panel.take(slate)}>${icon('pause')}${t.layouts.slate}</button>
  </div>`;
}

export function programmePane(panel: Panel, stream: MediaStream | null, failing: boolean, muted: boolean, now: number, blocked: () => void): TemplateResult {
  const t = director();
  const { scene } = panel;
  return html`<section class="bus__pgm" aria-label=${t.programmeOf(panel.describe(scene))}>
    <div class="bus__head">${plate(t.programme, 'air')}<span class="muted num ellipsis">${scene ? `${t.layouts[scene.layout]}, ${clockText((now - scene.at) / 1000)}` : t.nothingYet}</span></div>
    <div class="frame" data-tally="air">
      <div class="pic">
        <pl-live-video .stream=${stream} .muted=${muted} .label=${t.programmeOf(panel.describe(scene))} @blocked=${blocked}></pl-live-video>
        ${stream ? nothing : html`<p class="slateword">${failing ? t.programmeRetry : t.programmeWait}</p>`}
      </div>
    </div>
  </section>`;
}
