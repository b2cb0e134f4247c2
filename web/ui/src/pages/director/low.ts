/** Sound and safety, at the bottom of the control room. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { meter } from '../../components/parts.js';
import type { DirectSite, Engine, EventInfo, Recording, SiteState } from '../../live/wire.js';
import { bytes, clockText } from '../../locales/index.js';
import { director } from '../../locales/director.js';
import { ago, type Trouble } from './health.js';
import type { Panel } from './panel-state.js';

/** A recording that has not grown for this long is not running, whatever its state says. */
const STUCK_MS = 6000;

export interface Monitor {
  /** dBFS of the programme, from its own sound. */
  db: number;
  muted: boolean;
  setMuted(muted: boolean): void;
}

export function soundPanel(panel: Panel, event: EventInfo, wrong: readonly Trouble[], monitor: Monitor): TemplateResult {
  const t = director();
  return html`<section class="panel sound" aria-labelledby="d-sound">
    <div class="h"><h2 id="d-sound">${t.sound}</h2><span class="muted wide">${t.soundNote}</span></div>
    <ul class="mix" role="list" style=${`--strips:${event.sites.length + 1}`}>
      ${event.sites.map((site) => strip(panel, site, wrong))}
      <li>
        <span>${t.programme.charAt(0) + t.programme.slice(1).toLowerCase()}</span>${meter(monitor.db, { tall: true, label: t.level(t.programme) })}
        <button class="btn btn--dense btn--icon" type="button" aria-pressed=${String(!monitor.muted)} aria-label=${t.listen} title=${t.listen} @click=${() => monitor.setMuted(!monitor.muted)}>${icon('phones', 's')}</button>
      </li>
    </ul>
  </section>`;
}

function strip(panel: Panel, site: EventInfo['sites'][number], wrong: readonly Trouble[]): TemplateResult {
  const seen = panel.direct.get(`site/${site.id}`) as DirectSite | undefined;
  const silent = wrong.some((one) => one.site === site.id && (one.code === 'no_sound' || one.code === 'silent'));
  return html`<li>
    <span title=${site.name}>${site.name}</span>${meter(seen?.state === 'live' ? (seen.level_db ?? -60) : -60, { tall: true, label: director().level(site.name), silent })}${muteButton(panel, site)}
  </li>`;
}

function muteButton(panel: Panel, site: EventInfo['sites'][number]): TemplateResult {
  const t = director();
  const muted = (panel.programme.get(`site/${site.id}`) as SiteState | undefined)?.muted ?? false;
  const name = `mute/${site.id}`;
  const press = (): void => panel.undoable(name, 'mute', { site: site.id, on: !muted }, muted ? t.soundOn(site.name) : t.soundOff(site.name), { site: site.id, on: muted });
  return html`<button class="btn btn--dense btn--icon" type="button" aria-pressed=${String(muted)} aria-busy=${String(panel.pending.has(name))} aria-label=${t.mute(site.name)} title=${t.mute(site.name)} @click=${press}>
    ${panel.pending.has(name) ? nothing : icon(muted ? 'mute' : 'sound', 's')}
  </button>`;
}

/** The mutes alone, for phones: above the fold, where the sound panel is not. */
export function phoneMutes(panel: Panel, event: EventInfo): TemplateResult {
  return html`<div class="mutes phone-only" role="group" aria-label=${director().sound}>
    ${event.sites.map((site) => html`<span class="mutes__one"><span aria-hidden="true">${site.number}</span>${muteButton(panel, site)}</span>`)}
  </div>`;
}

export function safetyPanel(panel: Panel, now: number): TemplateResult {
  const t = director();
  const recording = panel.direct.get('recording') as Recording | undefined;
  const engine = panel.direct.get('engine') as Engine | undefined;
  const masked = panel.running?.masked ?? false;
  const growing = recording?.state === 'recording' && now - recording.grew_at < STUCK_MS;
  return html`<section class="panel" aria-labelledby="d-safety">
    <div class="h">
      <h2 id="d-safety">${t.safety}</h2>
      <span class="status" data-kind=${growing ? 'ink' : 'look'}>${icon(growing ? 'disc' : 'warn')}<span class="num">${growing && recording ? t.recording(clockText((now - recording.started_at) / 1000)) : t.notRecording}</span></span>
    </div>
    <dl class="factlist num">
      <div><dt>${t.size}</dt><dd>${recording?.bytes ? size(recording, growing, now) : t.nothingYet}</dd></div>
      <div><dt>${t.engineLabel}</dt><dd>${engine ? (engine.state === 'running' ? t.engineRuns(engine.restarts) : t.engineShort[engine.state]) : t.nothingYet}</dd></div>
      <div><dt>${t.directLabel}</dt><dd>${masked ? t.direct.masked : t.direct.shown}</dd></div>
    </dl>
    ${maskButton(panel, masked)}
  </section>`;
}

function size(recording: Recording, growing: boolean, now: number): string {
  const t = director();
  const words = ago(recording.grew_at, now);
  return growing ? t.grew(bytes(recording.bytes), words) : t.stuck(bytes(recording.bytes), words);
}

function maskButton(panel: Panel, masked: boolean): TemplateResult {
  const t = director();
  const press = (): void => panel.undoable('mask', 'mask', { on: !masked }, masked ? t.unmasked : t.masked, { on: masked });
  return html`<button class="btn btn--wide veil" type="button" aria-pressed=${String(masked)} aria-busy=${String(panel.pending.has('mask'))} @click=${press}>
    ${icon(masked ? 'play' : 'eyeoff')}<span>${masked ? t.unmask : t.mask}<small>${masked ? t.unmaskNote : t.maskNote}</small></span>
  </button>`;
}
