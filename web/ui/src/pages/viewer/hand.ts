/** `<pl-hand>`: one's request to speak, from the raised hand to the thanks. Owns the guest key's way into this tab's storage. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { define, Element } from '../../components/element.js';
import { icon, type IconName } from '../../components/icon.js';
import { status } from '../../components/parts.js';
import { toast } from '../../components/toast.js';
import { clock } from '../../live/clock.js';
import { type Connection, Refused } from '../../live/connection.js';
import { dropKey, keepKey, keptKey } from '../../live/key.js';
import { tab } from '../../live/store.js';
import type { OwnHand } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { duration } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';
import { hand as words } from '../../locales/viewer-hand.js';
import './check.js';

/** Not answered after this, a call is late; it stays open. */
const LATE_MS = 60_000;
/** The page that the guest key opens. */
const GUEST = 'guest';

export class HandPanel extends Element {
  @property({ attribute: false }) live!: Connection;
  /** The request on its way, before the server knows it. */
  @property({ type: Boolean }) sending = false;
  @property({ attribute: false, hasChanged: () => true }) stamp: unknown;
  @state() private checking = false;
  @state() private answering = false;
  /** The focus was in here before this drawing. */
  private inside = false;
  /** The request whose key was asked for here without having pressed. */
  private asked: number | undefined;
  /** When the call was first seen here, for a server that does not say when it called. */
  private called: { hand: number; at: number } | undefined;

  protected override willUpdate(_changed: PropertyValues): void {
    this.inside = this.contains(document.activeElement);
    const hand = current(this.live);
    if (hand?.state === 'called') {
      if (this.called?.hand !== hand.hand) {
        leaveFullScreen();
        this.called = { hand: hand.hand, at: hand.called_at ?? clock.now() };
      }
    } else this.checking = false;
    if (hand?.state === 'ready') this.needKey(hand);
    // A key does not outlive its request. The answer with the key may come before the view says `ready`: it is kept while called.
    else if (this.live.topic('mine').loaded && hand?.state !== 'speaking' && hand?.state !== 'called') dropKey(this.live.event, GUEST);
  }

  /** What had the focus may be gone with the state it belonged to. */
  protected override updated(): void {
    if (this.inside && document.activeElement === document.body) this.querySelector<HTMLElement>('.hand')?.focus({ preventScroll: true });
  }

  protected override render(): TemplateResult | typeof nothing {
    const t = words();
    const hand = current(this.live);
    if (!hand) return this.sending ? this.strip('hand', this.live.state === 'offline' ? t.kept : t.sending, nothing, nothing) : nothing;
    switch (hand.state) {
      case 'raised':
        return this.strip('hand', t.title, this.place(hand), this.lowerButton());
      case 'called':
        return this.call();
      case 'ready':
        return this.waiting();
      case 'speaking':
        return html`<div class="hand" data-state="speaking" role="group" tabindex="-1" aria-label=${t.title}>
          <p class="hand__title">${icon('talk')}${t.speaking}</p>
        </div>`;
      case 'done':
        return this.strip('okc', t.done, nothing, this.closeButton(hand));
      case 'dismissed':
        return this.strip('no', t.dismissed, hand.reason ?? t.dismissedWhy, this.closeButton(hand));
      case 'lowered':
        return nothing;
    }
  }

  private strip(glyph: IconName, title: string, more: TemplateResult | string | typeof nothing, end: TemplateResult | typeof nothing): TemplateResult {
    return html`<div class="hand" role="group" tabindex="-1" aria-label=${words().title}>
      ${icon(glyph)}
      <p class="grow"><b>${title}</b>${more === nothing ? nothing : html`<span>${more}</span>`}</p>
      ${end}
    </div>`;
  }

  private place(hand: OwnHand): TemplateResult | string {
    const t = words();
    if (!hand.place) return t.placeUnknown;
    if (hand.place === 1) return t.placeNext;
    return html`${t.placeBefore} <span class="num">${hand.place}<sup>${viewer().rankEnd(hand.place)}</sup></span> ${t.placeAfter}`;
  }

  private call(): TemplateResult {
    const t = words();
    const since = clock.now() - (this.called?.at ?? clock.now());
    return html`<div class="hand hand--call" data-state="called" role="group" tabindex="-1" aria-labelledby="hand-h">
      <h2 class="hand__title" id="hand-h">${icon('hand')}${t.called}</h2>
      <p>${since > LATE_MS ? t.late(duration(Math.floor(since / 10_000) * 10)) : t.calledText}</p>
      ${this.checking
        ? html`<pl-check .busy=${this.answering} .ready=${() => this.ready()} .leave=${() => (this.checking = false)}></pl-check>`
        : html`<div class="row">
            <button class="btn btn--primary grow" type="button" @click=${() => (this.checking = true)}>${icon('mic')}${t.answer}</button>
            ${this.lowerButton(t.giveUp)}
          </div>`}
    </div>`;
  }

  private waiting(): TemplateResult {
    const t = words();
    return html`<div class="hand hand--ready" data-state="ready" role="group" tabindex="-1" aria-labelledby="hand-h">
      <h2 class="hand__title" id="hand-h">${icon('okc')}${t.isReady}</h2>
      <p>${t.isReadyText}</p>
      <div class="row row--between">${status('clock', t.keepOpen)}${this.lowerButton(t.giveUp)}</div>
    </div>`;
  }

  private lowerButton(text = words().lower): TemplateResult {
    return html`<button class="btn btn--dense" type="button" @click=${() => this.lower()}>${text}</button>`;
  }

  private closeButton(hand: OwnHand): TemplateResult {
    const close = (): void => {
      tab.set(seenName(this.live.event), String(hand.hand));
      this.dispatchEvent(new CustomEvent('pl-hand', { bubbles: true }));
    };
    return html`<button class="btn btn--quiet btn--icon" type="button" aria-label=${common().close} @click=${close}>${icon('x')}</button>`;
  }

  private lower(): void {
    const t = words();
    this.live.send('hand_down').done.then(
      () => toast(t.lowered),
      refused,
    );
  }

  private ready(): void {
    this.answering = true;
    this.askKey().finally(() => (this.answering = false));
  }

  /** A reload of another tab, or a lost tab: ready, but the key is not here. */
  private needKey(hand: OwnHand): void {
    if (this.answering || this.asked === hand.hand || keptKey(this.live.event, GUEST) !== undefined) return;
    this.asked = hand.hand;
    this.ready();
  }

  private askKey(): Promise<void> {
    return this.live.send<{ key?: string }>('hand_ready').done.then(
      ({ key }) => {
        if (key) keepKey(this.live.event, GUEST, key);
        this.checking = false;
      },
      refused,
    );
  }
}
define('pl-hand', HandPanel);

/** This person's request as far as it is to be shown: one that is over, and read, is none. */
export function current(live: Connection): OwnHand | undefined {
  const hand = live.topic('mine').map.get('hand') as OwnHand | null | undefined;
  if (!hand || hand.state === 'lowered') return undefined;
  const over = hand.state === 'done' || hand.state === 'dismissed';
  return over && tab.get(seenName(live.event)) === String(hand.hand) ? undefined : hand;
}

/** A new request may be made. */
export function mayRaise(live: Connection): boolean {
  const hand = current(live);
  return !hand || hand.state === 'done' || hand.state === 'dismissed';
}

/** A call must be seen: the page comes before the picture. */
function leaveFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
}

function refused(error: unknown): void {
  if (error instanceof Refused) toast(common().refusal[error.code] ?? error.detail);
}

function seenName(event: string): string {
  return `pl-hand-seen/${event}`;
}
