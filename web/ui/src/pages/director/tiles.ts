/** The rooms as tiles: picture, name, health in words, level, stand-by. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../../components/icon.js';
import { meter, plate, status } from '../../components/parts.js';
import { toast } from '../../components/toast.js';
import type { DirectSite, EventInfo, Ready, SiteState } from '../../live/wire.js';
import { director } from '../../locales/director.js';
import { briefly, word, type Trouble } from './health.js';
import type { Panel } from './panel-state.js';
import type { Pictures } from './pictures.js';
import './room-picture.js';

export function tiles(panel: Panel, pictures: Pictures, event: EventInfo, wrong: readonly Trouble[], now: number, below: TemplateResult): TemplateResult {
  const t = director();
  return html`<section class="sites" aria-labelledby="d-sites">
    <div class="h">
      <h2 id="d-sites">${t.sites(event.sites.length)}</h2>
      <button class="switch small" type="button" role="switch" aria-checked=${String(pictures.on)} @click=${() => pictures.setOn(!pictures.on)}>${t.pictures}</button>
    </div>
    <ul class="tiles" role="list">
      ${repeat(
        event.sites,
        (site) => site.id,
        (site) => tile(panel, pictures, site, wrong.find((one) => one.site === site.id), now),
      )}
    </ul>
    ${below}
  </section>`;
}

function tile(panel: Panel, pictures: Pictures, site: EventInfo['sites'][number], trouble: Trouble | undefined, now: number): TemplateResult {
  const t = director();
  const seen = panel.direct.get(`site/${site.id}`) as DirectSite | undefined;
  const tally = tallyOf(panel, site.id);
  // Once a room is on air, having been called is history.
  const ready = tally === 'air' ? undefined : (panel.direct.get(`ready/${site.id}`) as Ready | undefined);
  const silent = trouble?.code === 'no_sound' || trouble?.code === 'silent';
  return html`<li class="tile" data-tally=${tally === 'off' ? nothing : tally} ?data-look=${trouble !== undefined}>
    <div class="tile__pic">
      <button class="tile__take" type="button" aria-label=${t.inPreview(site.name)} @click=${() => panel.putSite(site.id)}>
        <pl-room-picture .site=${site.id} .pictures=${pictures} .label=${site.name}></pl-room-picture>
      </button>
      <span class="tile__no" aria-hidden="true">${site.number}</span>
      ${tally === 'air' ? plate(t.programme, 'air') : tally === 'preview' ? plate(t.preview, 'preview') : nothing}
    </div>
    <div class="tile__body">
      <span class="tile__name">${site.name}</span>
      <span class="tile__health">${health(seen, ready, trouble, now)}</span>
      ${meter(seen?.state === 'live' ? (seen.level_db ?? -60) : -60, { label: t.level(site.name), silent })}
    </div>
    ${standby(panel, site, ready, seen?.state === 'live' && tally !== 'air')}
  </li>`;
}

/** Whether a room is in the picture, or in the one being prepared. */
export function tallyOf(panel: Panel, site: string): 'off' | 'preview' | 'air' {
  if ((panel.programme.get(`site/${site}`) as SiteState | undefined)?.tally === 'air') return 'air';
  return panel.preview.slots.includes(site) ? 'preview' : 'off';
}

function health(seen: DirectSite | undefined, ready: Ready | undefined, trouble: Trouble | undefined, now: number): TemplateResult | string {
  const t = director();
  if (trouble) return briefly(trouble, now);
  if (!seen || seen.state === 'absent') return word('absent');
  if (ready?.ready_at) return status('check', t.ready, 'ready');
  if (ready) return status('clock', t.asked);
  return seen.simulated ? t.simulated : t.health.fine;
}

function standby(panel: Panel, site: EventInfo['sites'][number], ready: Ready | undefined, possible: boolean): TemplateResult {
  const t = director();
  const name = `standby/${site.id}`;
  const send = (): void => void panel.send(name, 'standby', { site: site.id }, () => toast(t.standbySent(site.name)));
  return html`<button
    class="btn btn--quiet btn--dense btn--icon"
    type="button"
    title=${t.standby(site.name)}
    aria-label=${t.standby(site.name)}
    aria-busy=${String(panel.pending.has(name))}
    ?disabled=${!possible}
    aria-pressed=${String(ready !== undefined)}
    @click=${send}
  >
    ${panel.pending.has(name) ? nothing : icon('next')}
  </button>`;
}
