/** The two pictures of a room: its own, and the return. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import '../../components/live-video.js';
import { meter, status } from '../../components/parts.js';
import { duration } from '../../locales/index.js';
import { site } from '../../locales/site.js';
import type { Return } from './return.js';
import type { Sender } from './sender.js';

export function ownView(sender: Sender, tally: string, directorMuted: boolean): TemplateResult {
  const t = site();
  const border = tally === 'air' ? 'air' : tally === 'standby' ? 'preview' : nothing;
  const cut = (): void => sender.setMuted(!sender.muted);
  return html`<section class="sideview" aria-labelledby="v-own">
    <div class="sideview__head"><h2 id="v-own">${t.own}</h2><span role="status">${ownStatus(sender, directorMuted)}</span></div>
    <div class="frame mine" data-tally=${border}>
      <div class="pic">${sender.stream ? html`<pl-live-video class="own" .stream=${sender.stream} muted .label=${t.yourCamera}></pl-live-video>` : html`<p class="pic__word">${t.ownNone}</p>`}</div>
    </div>
    <div class="row nowrap">
      <span class="small muted">${t.mic}</span>${micMeter(sender)}
      <button class="btn" type="button" aria-pressed=${String(sender.muted)} ?disabled=${!sender.stream} @click=${cut}>${icon(sender.muted ? 'mute' : 'mic')}${sender.muted ? t.restore : t.cut}</button>
    </div>
  </section>`;
}

export function micMeter(sender: Sender): TemplateResult {
  const silent = sender.stream !== null && (sender.muted || sender.sending?.code === 'no_sound');
  return html`<span class="grow">${meter(sender.level.db, { big: true, label: site().micLevel, silent })}</span>`;
}

/** The worst thing to say of what is sent, in words. */
export function ownStatus(sender: Sender, directorMuted: boolean): TemplateResult {
  const t = site();
  if (sender.status.state !== 'live') {
    const look = sender.status.state !== 'connecting';
    return status(look ? 'warn' : 'clock', t.state[sender.status.state], look ? 'look' : undefined);
  }
  const wrong = sender.sending;
  if (wrong) return status('warn', troubleWords(wrong), 'look');
  if (directorMuted) return status('mute', t.trouble.directorMuted, 'look');
  return status('okc', t.state.live, 'ready');
}

export function troubleWords(wrong: NonNullable<Sender['sending']>): string {
  const words = site().trouble[wrong.code];
  return typeof words === 'function' ? words(duration(wrong.forMs / 1000)) : words;
}

export function returnView(returned: Return): TemplateResult {
  const t = site();
  return html`<section class="sideview" aria-labelledby="v-return">
    <div class="sideview__head"><h2 id="v-return">${t.returned}</h2><span role="status">${returned.stream ? nothing : status('clock', returned.failing ? t.returnRetry : t.returnWait)}</span></div>
    <div class="frame">
      <div class="pic">
        <pl-live-video .stream=${returned.stream} .muted=${returned.muted || returned.alone} .label=${t.returnPicture} @blocked=${() => returned.setMuted(true, true)}></pl-live-video>
      </div>
    </div>
    <div class="row nowrap">
      <span class="small muted">${t.listen}</span><span class="grow">${meter(returned.muted || returned.alone ? -60 : returned.level.db, { big: true, label: t.returnLevel })}</span>
      <button class="btn" type="button" aria-pressed=${String(returned.muted)} @click=${() => returned.setMuted(!returned.muted)}>${icon('phones')}${returned.muted ? t.hear : t.cut}</button>
    </div>
    <p class="small muted">${returned.blocked ? t.hearBlocked : returned.alone ? t.hearAlone : t.hearNote}</p>
  </section>`;
}
