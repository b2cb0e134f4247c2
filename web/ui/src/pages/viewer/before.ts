/** Before the event: countdown, calendar, own equipment. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { icon, type IconName } from '../../components/icon.js';
import { status } from '../../components/parts.js';
import type { EventInfo } from '../../live/wire.js';
import { date, duration, time } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';
import type { Equipment } from './equipment.js';
import { calendar, city, untilStart } from './run-sheet.js';

/** The left column before the event. */
export function before(event: EventInfo, equipment: Equipment, hands: boolean): TemplateResult {
  const t = viewer();
  const first = event.sessions[0];
  const zone = event.timezone;
  const here = first && time(first.starts);
  const there = first && time(first.starts, zone);
  return html`<div class="main">
    <section class="slate" aria-label=${t.beforeSlate}>
      <div class="pic">${map(event)}</div>
      <div class="slate__text">${countdown(event)}</div>
    </section>
    <section class="lead" aria-labelledby="t">
      <div>
        <h1 id="t">${there ? t.meet(there) : event.title}</h1>
        <p>
          ${first ? t.when(date(first.starts, zone), city(zone)) : event.date} ${here !== there && here ? t.local(here) : nothing} ${t.keepOpen}
        </p>
      </div>
      <div class="row">
        ${calendar(event.id, true)}
        <button class="btn" type="button" aria-busy=${equipment.running ? 'true' : nothing} @click=${() => void equipment.test()}>
          ${equipment.running ? nothing : icon('gauge')}${t.test}
        </button>
      </div>
    </section>
    <ul class="three" role="list" aria-label=${t.can}>
      ${offer('chat', t.canAsk, t.canAskText)}
      ${hands ? offer('hand', t.canSpeak, t.canSpeakText) : nothing} ${offer('phones', t.canFollow, t.canFollowText)}
      ${hands ? nothing : offer('play', t.canReplay, t.canReplayText)}
    </ul>
  </div>`;
}

function offer(glyph: IconName, title: string, text: string): TemplateResult {
  return html`<li>
    ${icon(glyph)}
    <h2>${title}</h2>
    <p>${text}</p>
  </li>`;
}

/** What the test of the equipment found. */
export function gear(equipment: Equipment, zone: string): TemplateResult {
  const t = viewer();
  const found = equipment.found;
  const body = equipment.running
    ? html`<span class="small muted">${t.testing}</span>`
    : !found
      ? html`<span class="small muted">${t.untested}</span>`
      : !found.video
        ? html`${status('warn', t.noVideo, 'look')}<span class="small muted grow">${t.noVideoHint}</span>`
        : !found.line
          ? status('warn', t.noLine, 'look')
          : !found.sound
            ? status('warn', t.noSound, 'look')
            : html`${status('okc', t.fits, 'ready')}<span class="small muted grow">${t.testedAt(time(found.at, zone))}</span>`;
  return html`<div class="gear" role="status" ?data-untested=${!found && !equipment.running}>${body}</div>`;
}

function countdown(event: EventInfo): TemplateResult {
  const t = viewer();
  const left = Math.floor(untilStart(event) / 1000);
  if (left <= 0) return html`<p class="slate__soon">${t.soon}</p>`;
  const days = Math.floor(left / 86_400);
  const hours = Math.floor(left / 3600) % 24;
  const mins = Math.floor(left / 60) % 60;
  const secs = left % 60;
  const parts: [number, string][] =
    days > 0
      ? [[days, t.days], [hours, t.hours], [mins, t.mins]]
      : [[hours, t.hours], [mins, t.mins], [secs, t.secs]];
  return html`<p class="count3" role="timer" aria-label=${t.startsIn(duration(left - secs))}>
    ${parts.map(([n, word]) => html`<span aria-hidden="true"><b>${String(n).padStart(2, '0')}</b><small>${word}</small></span>`)}
  </p>`;
}

/** The linked rooms as a map without geography: the first in the middle, the others around it. */
export function map(event: EventInfo): TemplateResult {
  const t = viewer();
  const names = event.sites.map((one) => one.name);
  const [hub, ...others] = event.sites;
  const centre = { x: 890, y: 372 };
  const around = others.map((site, index) => {
    const angle = (index / Math.max(1, others.length)) * 2 * Math.PI - 2.2;
    const near = index % 2 === 0 ? 1 : 0.82;
    return { site, x: centre.x + 215 * near * Math.cos(angle), y: centre.y + 205 * near * Math.sin(angle) };
  });
  const [first, second] = twoLines(event.title);
  const dot = (x: number, y: number, r: number) =>
    svg`<circle cx=${x} cy=${y} r=${r} fill="#8EA2FF"/><circle cx=${x} cy=${y} r=${r * 1.9} fill="none" stroke="#8EA2FF" stroke-opacity=".35" stroke-width="2"/>`;
  const label = (x: number, y: number, name: string, left: boolean) =>
    svg`<text x=${left ? x - 24 : x + 24} y=${y} text-anchor=${left ? 'end' : 'start'} font-size="24" fill="#C9D2F5">${name}</text>`;
  return html`<svg viewBox="0 0 1280 720" preserveAspectRatio="xMidYMid slice" role="img" aria-label=${names.length > 1 ? t.slateLabel(names.join(', ')) : event.title}>
    <defs>
      <radialGradient id="slate-glow" cx=".7" cy=".5" r=".8">
        <stop stop-color="#2A3770" stop-opacity=".7" /><stop offset="1" stop-color="#141B33" stop-opacity="0" />
      </radialGradient>
    </defs>
    <rect width="1280" height="720" fill="#141B33" /><rect width="1280" height="720" fill="url(#slate-glow)" />
    ${around.map((one, index) => {
      const next = around[(index + 1) % around.length];
      return svg`<path d=${`M${centre.x},${centre.y}L${one.x},${one.y}${next && around.length > 2 ? `L${next.x},${next.y}` : ''}`} stroke="#8EA2FF" stroke-opacity=".4" stroke-width="2" fill="none"/>`;
    })}
    ${around.map((one) => svg`${dot(one.x, one.y, 8)}${label(one.x, one.y + (one.y < centre.y ? -14 : 26), one.site.name, one.x < centre.x)}`)}
    ${hub ? svg`${dot(centre.x, centre.y, 12)}${label(centre.x, centre.y + 44, hub.name, false)}` : nothing}
    <text x="72" y="128" font-size="26" font-weight="600" fill="#8EA2FF">${event.subtitle}</text>
    <text font-size="60" font-weight="700" fill="#FFF" letter-spacing="-.6"><tspan x="72" y="232">${first}</tspan><tspan x="72" y="304">${second}</tspan></text>
  </svg>`;
}

/** A title on two lines, cut at the space nearest to its middle. */
function twoLines(title: string): [string, string] {
  if (title.length < 17) return [title, ''];
  const words = title.split(' ');
  let best: [string, string] = [title, ''];
  let gap = Infinity;
  for (let cut = 1; cut < words.length; cut += 1) {
    const pair: [string, string] = [words.slice(0, cut).join(' '), words.slice(cut).join(' ')];
    const difference = Math.abs(pair[0].length - pair[1].length);
    if (difference < gap) [best, gap] = [pair, difference];
  }
  return best;
}
