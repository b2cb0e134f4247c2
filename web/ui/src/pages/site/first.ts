/** The first visit: devices, line, ready; nothing else on the page. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon, type IconName } from '../../components/icon.js';
import '../../components/live-video.js';
import { status } from '../../components/parts.js';
import { duration } from '../../locales/index.js';
import { site } from '../../locales/site.js';
import { deviceTrouble, devicePickers, mbits, seatBanner } from './panels.js';
import { TEST_SECONDS, verdict } from './line.js';
import type { Sender } from './sender.js';
import { micMeter, troubleWords } from './views.js';

export type Step = 1 | 2 | 3;

export interface FirstState {
  step: Step;
  name: string;
  sender: Sender;
  go(step: Step | 'room' | 'encoder'): void;
}

export function first(state: FirstState): TemplateResult {
  const step = { 1: stepDevices, 2: stepLine, 3: stepReady }[state.step];
  return html`<main class="first" id="contenu"><section class="step">${steps(state.step)}${step(state)}</section></main>`;
}

function steps(current: Step): TemplateResult {
  const t = site().steps;
  const names = [t.one, t.two, t.three];
  return html`<ol class="steps" role="list" aria-label=${t.label}>
    ${names.map((name, index) => {
      const n = index + 1;
      return html`<li aria-current=${n === current ? 'step' : nothing} ?data-done=${n < current}>${name}${n < current ? t.done : ''}</li>`;
    })}
  </ol>`;
}

function stepDevices({ sender, go }: FirstState): TemplateResult {
  const t = site();
  const heard = sender.level.heard && sender.sending?.code !== 'no_sound';
  const word = sender.stream === null ? status('clock', t.asking) : heard ? status('okc', t.heardWell, 'ready') : sender.sending?.code === 'no_sound' ? status('warn', t.notHeard, 'look') : status('mic', t.speak);
  return html`<div><h1>${t.step1.title}</h1><p>${t.step1.text}</p></div>
    ${sender.trouble ? deviceTrouble(sender) : nothing}
    <div class="frame"><div class="pic"><pl-live-video class="own" .stream=${sender.stream} muted .label=${t.yourCamera}></pl-live-video></div></div>
    <div class="heard">${micMeter(sender)}<p role="status">${sender.trouble ? nothing : word}</p></div>
    <div class="twofields">${devicePickers(sender)}</div>
    ${nav(html`<button class="btn btn--quiet" type="button" @click=${() => go('encoder')}>${t.useEncoder}</button>`, () => go(2), sender.stream === null)}`;
}

function nav(left: TemplateResult, next: () => void, disabled: boolean): TemplateResult {
  return html`<div class="nav">${left}<button class="btn btn--primary btn--big" type="button" ?disabled=${disabled} @click=${next}>${site().next}${icon('right')}</button></div>`;
}

function back(go: FirstState['go'], step: Step): TemplateResult {
  return html`<button class="btn btn--quiet" type="button" @click=${() => go(step)}>${site().back}</button>`;
}

function stepLine({ sender, name, go }: FirstState): TemplateResult {
  const t = site();
  const live = sender.status.state === 'live';
  const done = live && sender.steadySeconds >= TEST_SECONDS;
  return html`<div><h1>${t.step2.title}</h1><p>${t.step2.text(TEST_SECONDS)}</p></div>
    ${seatBanner(sender, name)}
    <ul class="tests" role="list">
      ${reachable(sender)} ${quality(sender)} ${steadiness(sender)}
    </ul>
    ${nav(back(go, 1), () => go(3), !done)}`;
}

function test(kind: 'ready' | 'wait' | 'look', title: string, text: TemplateResult | string | typeof nothing): TemplateResult {
  const glyph: IconName = kind === 'ready' ? 'okc' : kind === 'look' ? 'warn' : 'clock';
  return html`<li data-kind=${kind}>${icon(glyph)}<b>${title}</b>${typeof text === 'string' ? html`<p>${text}</p>` : text}</li>`;
}

function reachable({ status: { state } }: Sender): TemplateResult {
  const t = site().tests;
  if (state === 'live') return test('ready', t.reachable.ok, t.reachable.okText);
  if (state === 'retrying') return test('look', t.reachable.no, t.noText);
  return test('wait', t.reachable.wait, nothing);
}

function quality(sender: Sender): TemplateResult {
  const t = site().tests;
  if (!sender.stats) return test('wait', t.picture.wait, nothing);
  const poor = verdict(sender.status, sender.stats) === 'poor';
  return test(poor ? 'look' : 'ready', poor ? t.picture.poor : t.picture.ok, t.rate(mbits(sender.bestKbps)));
}

function steadiness(sender: Sender): TemplateResult {
  const t = site().tests;
  if (sender.status.state !== 'live') return test('wait', t.steady, nothing);
  const left = TEST_SECONDS - sender.steadySeconds;
  if (left <= 0) return test('ready', t.steadyOk, t.steadyOkText);
  const percent = Math.round((sender.steadySeconds / TEST_SECONDS) * 100);
  return test('wait', t.steadyLeft(duration(left)), html`<div class="bar" role="progressbar" aria-label=${t.steady} aria-valuenow=${percent} aria-valuemin="0" aria-valuemax="100"><i style=${`width:${percent}%`}></i></div>`);
}

function stepReady({ sender, go }: FirstState): TemplateResult {
  const t = site();
  const wrong = sender.sending;
  const fair = verdict(sender.status, sender.stats) !== 'good';
  return html`<div><h1>${t.step3.title}</h1><p>${t.step3.text}</p></div>
    <ul class="tests" role="list">
      ${test(wrong ? 'look' : 'ready', t.summary.picture, wrong ? troubleWords(wrong) : deviceNames(sender))}
      ${test(fair ? 'look' : 'ready', fair ? t.summary.lineFair : t.summary.line, t.tests.steadyOkText)}
    </ul>
    <div class="nav">${back(go, 2)}<button class="btn btn--ready btn--big" type="button" @click=${() => go('room')}>${icon('check')}${t.ready}</button></div>`;
}

function deviceNames(sender: Sender): string {
  return (sender.stream?.getTracks() ?? []).map((track) => track.label).join(', ');
}
