/** The panels below the pictures: devices, line, addresses for an encoder. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import '../../components/copy.js';
import { icon } from '../../components/icon.js';
import { banner } from '../../components/parts.js';
import { number } from '../../locales/index.js';
import { site } from '../../locales/site.js';
import { verdict } from './line.js';
import type { Sender } from './sender.js';

/** Megabits a second with one decimal. */
export function mbits(kbps: number): string {
  return number(Math.round(kbps / 100) / 10);
}

/** Why there is no picture at all, and what to do. */
export function deviceTrouble(sender: Sender): TemplateResult {
  const t = site();
  const words = t.device[sender.trouble ?? 'none'];
  const again = html`<button class="btn" type="button" @click=${() => void sender.open()}>${icon('refresh')}${t.retry}</button>`;
  const retry = sender.trouble !== 'insecure' && sender.trouble !== 'no_h264';
  return banner('look', 'warn', html`<b>${words.title}</b><br />${words.text}`, retry ? again : nothing);
}

/** The seat is somebody else's, or sending was refused: says so, and what taking it would do, before it is taken. */
export function seatBanner(sender: Sender, name: string): TemplateResult | typeof nothing {
  const t = site();
  const { state, problem } = sender.status;
  if (state !== 'refused' || !problem) return nothing;
  if (problem.code !== 'seat_taken') {
    return banner('look', 'warn', problem.code === 'refused' && problem.detail ? problem.detail : t.refused[problem.code], html`<button class="btn" type="button" @click=${() => sender.publish()}>${icon('refresh')}${t.retry}</button>`);
  }
  const take = html`<button class="btn btn--primary" type="button" @click=${() => sender.publish(true)}>${t.seat.take}</button>`;
  return banner('look', 'warn', html`<b>${t.seat.taken(name)}</b><br />${t.seat.takenText}`, take);
}

export function devicePickers(sender: Sender): TemplateResult {
  const t = site();
  return html`${picker('s-camera', t.camera, sender.devices.cameras, sender.camera, t.cameraN, (id) => void sender.choose('camera', id))}
  ${picker('s-microphone', t.microphone, sender.devices.microphones, sender.microphone, t.microphoneN, (id) => void sender.choose('microphone', id))}`;
}

function picker(id: string, label: string, devices: MediaDeviceInfo[], chosen: string, nameless: (n: number) => string, choose: (id: string) => void): TemplateResult {
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select class="input" id=${id} ?disabled=${devices.length === 0} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${devices.map((device, index) => html`<option value=${device.deviceId} ?selected=${device.deviceId === chosen}>${device.label || nameless(index + 1)}</option>`)}
    </select>
  </div>`;
}

export function devicesPanel(sender: Sender): TemplateResult {
  return html`<section class="panel" aria-labelledby="p-devices"><h2 id="p-devices">${site().devices}</h2>${devicePickers(sender)}</section>`;
}

export function linePanel(sender: Sender): TemplateResult {
  const t = site().line;
  const what = verdict(sender.status, sender.stats);
  const { stats } = sender;
  const loss = stats?.lossPercent === undefined ? '' : stats.lossPercent < 0.1 ? t.noLoss : t.loss(number(Math.round(stats.lossPercent * 10) / 10));
  const figures = stats ? t.figures(`${mbits(stats.kbps)}\u00a0Mb/s`, stats.rttMs === undefined ? '' : `${stats.rttMs}\u00a0ms`, loss) : '';
  const sending = sender.status.state !== 'idle' && sender.status.state !== 'refused';
  return html`<section class="panel" aria-labelledby="p-line">
    <h2 id="p-line">${t.title}</h2>
    <div class="verdict" data-kind=${what}>
      ${icon(what === 'good' ? 'okc' : what === 'unknown' ? 'clock' : 'warn')}
      <p class="strong">${t[what]}</p>
      <p class="muted num">${figures} ${t.comesBack}</p>
    </div>
    ${sending
      ? html`<button class="btn" type="button" @click=${() => sender.stop()}>${icon('pause')}${t.stop}</button>`
      : html`<button class="btn btn--primary" type="button" ?disabled=${!sender.stream} @click=${() => sender.publish()}>${icon('gauge')}${t.start}</button>`}
  </section>`;
}

export function encoderPanel(url: string, key: string, open: boolean): TemplateResult {
  const t = site().encoder;
  return html`<details class="panel more" ?open=${open}>
    <summary>${icon('chev')}${t.title}</summary>
    <div class="more__body">
      <p class="small muted">${t.note}</p>
      <pl-copy .label=${t.address} .value=${url}></pl-copy>
      <pl-copy .label=${t.token} .value=${key}></pl-copy>
      <p class="small muted">${t.secret}</p>
    </div>
  </details>`;
}
