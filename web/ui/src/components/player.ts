/**
 * `<pl-player>`: the picture and its controls, live or replay. Owns what the person sees and does; loading and recovery are in
 * `live/hls.ts`. Says `pl-time` (bubbles) four times a second with {@link PlayerTime}.
 */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { AUTO, HlsSource, SOUND_ONLY } from '../live/hls.js';
import { clock } from '../live/clock.js';
import { local } from '../live/store.js';
import { clockText, duration, time } from '../locales/index.js';
import { playerWords } from '../locales/player.js';
import { Element, define } from './element.js';
import { icon } from './icon.js';
import { type PlayerAct, playerAct } from './player-keys.js';
import { Ticker } from './tick.js';

/** What the player shows now. */
export type PlayerState = 'connecting' | 'ready' | 'live' | 'playing' | 'paused' | 'behind' | 'offline' | 'waiting' | 'ended' | 'unsupported';

/** Said four times a second. */
export interface PlayerTime {
  /** Player seconds. */
  position: number;
  /** Programme time of the picture, milliseconds. */
  playingDate: number | undefined;
  state: PlayerState;
}

/** A stretch of the line: a session. Player seconds. */
export interface Stretch {
  from: number;
  to: number;
}

/** Further than this from the edge is no longer "live", seconds beyond the player's own distance. */
const LIVE_SLACK_S = 4;
/** Behind by more than this while it should follow, for {@link JUMP_AFTER_MS}: playing faster no longer catches up. */
const JUMP_S = 4;
const JUMP_AFTER_MS = 2500;
/** A picture that stands still this long although data came is started again at the edge. */
const STUCK_MS = 2500;
/** This near to the end of the line counts as its end. */
const END_S = 10;
const RATES = [1, 1.25, 1.5, 2, 0.75];

export class Player extends Element {
  @property() src = '';
  @property() mode: 'live' | 'replay' = 'live';
  /** Zone of the clock beside the live button. */
  @property() zone: string | undefined;
  /** Sessions, drawn as stretches of the line. */
  @property({ attribute: false }) stretches: Stretch[] = [];
  /** Where a replay begins, player seconds. */
  @property({ type: Number }) start = 0;
  /** What the picture is, for screen readers. */
  @property() label = '';

  @state() private menu = false;
  @state() private full = false;
  @state() private captions = -1;
  private source: HlsSource | undefined;
  /** The person wants it to play. */
  private wanted = false;
  private refused = false;
  private started = false;
  private stalledAt = 0;
  private behindSince = 0;
  private following = true;
  private seeking: number | undefined;

  constructor() {
    super();
    new Ticker(this, 250);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.key);
    document.addEventListener('fullscreenchange', this.fullChanged);
    document.addEventListener('pointerdown', this.outside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.key);
    document.removeEventListener('fullscreenchange', this.fullChanged);
    document.removeEventListener('pointerdown', this.outside);
    this.source?.stop();
    this.source = undefined;
  }

  /** Programme time of the picture, milliseconds. */
  get playingDate(): number | undefined {
    return this.started ? this.source?.playingDate : undefined;
  }

  /** Player seconds. */
  get position(): number {
    return this.seeking ?? this.video?.currentTime ?? 0;
  }

  /** How far behind the server's clock the picture is, seconds. */
  get delay(): number | undefined {
    const date = this.playingDate;
    if (date === undefined) return undefined;
    return Math.max(0, (clock.now() - date) / 1000);
  }

  get state(): PlayerState {
    const video = this.video;
    const source = this.source;
    if (!video || !source) return 'connecting';
    if (source.state === 'unsupported') return 'unsupported';
    const dry = video.readyState < 3;
    if (source.state === 'away' && (dry || this.stalledAt > 0)) return 'offline';
    if (source.state === 'waiting' && dry) return 'waiting';
    if (this.refused || (!this.wanted && !this.started)) return source.state === 'ready' ? 'ready' : 'connecting';
    if (video.ended) return 'ended';
    if (!this.started) return 'connecting';
    if (this.stalledAt > 0 && performance.now() - this.stalledAt > 300) return 'behind';
    if (video.paused) return 'paused';
    return this.mode === 'live' && this.atEdge ? 'live' : 'playing';
  }

  /** Goes to a place of the recording, player seconds, and plays. */
  seek(seconds: number, play = true): void {
    const video = this.video;
    if (!video) return;
    const [from, to] = this.range;
    const at = Math.max(from, Math.min(seconds, Math.max(from, to - 0.1)));
    if (video.readyState === 0) this.start = seconds;
    video.currentTime = at;
    this.following = this.mode === 'live' && at > to - END_S;
    if (play) void this.play();
    this.requestUpdate();
  }

  async play(): Promise<void> {
    const video = this.video;
    if (!video) return;
    this.wanted = true;
    if (this.mode === 'live' && this.following) this.toEdge();
    try {
      await video.play();
      this.refused = false;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotAllowedError') {
        this.refused = true;
        this.wanted = false;
      }
    }
    this.requestUpdate();
  }

  pause(): void {
    this.wanted = false;
    this.following = false;
    this.video?.pause();
  }

  /** Back to what happens now. */
  goLive(): void {
    this.following = true;
    this.toEdge();
    void this.play();
  }

  private get video(): HTMLVideoElement | null {
    return this.renderRoot instanceof HTMLElement ? this.querySelector('video') : null;
  }

  private get range(): [number, number] {
    return this.source?.range ?? [0, 0];
  }

  private get atEdge(): boolean {
    const edge = this.source?.livePosition;
    return edge !== undefined && this.position > edge - LIVE_SLACK_S;
  }

  private toEdge(): void {
    const edge = this.source?.livePosition;
    const video = this.video;
    if (edge !== undefined && video && Math.abs(edge - video.currentTime) > 1) video.currentTime = edge;
  }

  protected override updated(changed: PropertyValues): void {
    if ((changed.has('src') || changed.has('mode')) && this.src) this.open();
    if (this.mode === 'live' && this.following && this.started) this.follow();
  }

  /** Someone who follows wants the present: a stall, or a line that was away, must not leave them seconds behind. */
  private follow(): void {
    const video = this.video;
    const edge = this.source?.livePosition;
    if (!video || video.seeking || video.paused || edge === undefined || this.source?.state !== 'ready') return;
    const now = performance.now();
    const behind = edge - video.currentTime > JUMP_S;
    this.behindSince = behind ? this.behindSince || now : 0;
    const late = behind && now - this.behindSince > JUMP_AFTER_MS;
    const stuck = this.stalledAt > 0 && now - this.stalledAt > STUCK_MS && edge - video.currentTime > 1;
    if (!late && !stuck) return;
    this.behindSince = 0;
    if (stuck) this.stalledAt = now;
    video.currentTime = edge;
  }

  private open(): void {
    const video = this.video;
    if (!video) return;
    this.source?.stop();
    this.started = false;
    video.volume = Number(local.get('pl-volume') ?? 1);
    this.source = new HlsSource(video, this.src, this.mode === 'live', this.start, () => this.requestUpdate());
    if (this.mode === 'live') {
      // Sound is on: a browser that refuses says so, and the big button appears.
      this.wanted = true;
      video.play().catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'NotAllowedError') {
          this.refused = true;
          this.wanted = false;
          this.requestUpdate();
        }
      });
    }
  }

  private readonly told = (event: Event): void => {
    const kind = event.type;
    if (kind === 'playing') {
      this.started = true;
      this.refused = false;
      this.wanted = true;
      this.stalledAt = 0;
    } else if (kind === 'waiting' || kind === 'stalled') {
      if (this.started && this.stalledAt === 0 && (this.video?.readyState ?? 4) < 3) this.stalledAt = performance.now();
    } else if (kind === 'timeupdate') {
      if (!this.video?.seeking && (this.video?.readyState ?? 0) >= 3) this.stalledAt = 0;
      this.seeking = undefined;
      this.say();
    } else if (kind === 'pause') {
      // A source opened anew pauses the element by itself; that is not the person's wish.
      if (this.source?.state === 'ready' && (this.video?.readyState ?? 0) > 0 && !this.video?.ended) this.wanted = false;
    } else if (kind === 'loadeddata' && this.wanted && this.video?.paused) void this.play();
    this.requestUpdate();
  };

  private say(): void {
    const detail: PlayerTime = { position: this.position, playingDate: this.playingDate, state: this.state };
    this.dispatchEvent(new CustomEvent('pl-time', { detail, bubbles: true }));
  }

  protected override render(): TemplateResult {
    const t = playerWords();
    const now = this.state;
    const big = now === 'ready' || this.refused;
    const sound = this.source?.chosen === SOUND_ONLY;
    return html`<section class="player" data-theme="dark" aria-label=${t.player} data-state=${now} ?data-full=${this.full} ?data-menu=${this.menu}>
      <div class=${`pic player__picture${now === 'offline' ? ' player__picture--stale' : ''}`} @dblclick=${() => void this.toggleFull()}>
        <video
          playsinline
          preload="auto"
          aria-label=${this.label || t.player}
          @playing=${this.told}
          @waiting=${this.told}
          @stalled=${this.told}
          @timeupdate=${this.told}
          @pause=${this.told}
          @ended=${this.told}
          @seeked=${this.told}
          @loadeddata=${this.told}
          @volumechange=${this.told}
          @click=${() => this.togglePlay()}
        ></video>
        ${sound
          ? html`<div class="player__sound">
              ${icon('phones', 'l')}
              <p>${t.soundOnly}</p>
              <button class="btn btn--dense" type="button" @click=${() => this.choose(AUTO)}>${t.backToPicture}</button>
            </div>`
          : nothing}
        ${big
          ? html`<button class="player__start" type="button" aria-label=${this.mode === 'live' ? t.start : t.startReplay} @click=${() => void this.play()}>
              ${icon('play', 'l')}
            </button>`
          : nothing}
        <p class="player__say" role="status" ?data-empty=${!this.words(now)}>${this.words(now)}</p>
      </div>
      ${this.line()}
      <div class="player__bar">${this.bar(now)}</div>
    </section>`;
  }

  /** What the picture cannot say by itself. */
  private words(now: PlayerState): string {
    const t = playerWords();
    const live = this.mode === 'live';
    if (now === 'connecting') return live ? t.connecting : t.connectingReplay;
    if (now === 'behind') return live && this.following ? t.behind : t.buffering;
    if (now === 'waiting') return t.waiting;
    if (now === 'unsupported') return t.unsupported;
    if (now === 'offline') {
      const left = Math.ceil(((this.source?.retryAt ?? 0) - performance.now()) / 1000);
      return left > 0 ? t.away(left) : t.awayNow;
    }
    return '';
  }

  private line(): TemplateResult {
    const t = playerWords();
    const [from, to] = this.range;
    const length = Math.max(0.001, to - from);
    const live = this.mode === 'live';
    const at = live && this.following ? to : Math.max(from, Math.min(this.position, to));
    const share = to > from ? (at - from) / length : live ? 1 : 0;
    const text = live
      ? this.following
        ? t.live
        : t.behindLive(duration(to - at))
      : t.of(duration(at), duration(length));
    return html`<div class="player__line">
      ${this.cuts(from, to).map(([a, b]) => {
        const done = Math.max(0, Math.min(1, (from + share * length - a) / Math.max(0.001, b - a)));
        return html`<i style=${`flex:${Math.max(0.1, b - a)};--done:${(done * 100).toFixed(2)}%`}></i>`;
      })}
      <input
        type="range"
        min=${from}
        max=${to}
        step="1"
        .value=${String(at)}
        aria-label=${live ? t.livePosition : t.position}
        aria-valuetext=${text}
        @input=${this.slide}
        @change=${this.slid}
      /><b style=${`left:${(share * 100).toFixed(2)}%`}></b>
    </div>`;
  }

  /** The line cut where sessions begin. */
  private cuts(from: number, to: number): [number, number][] {
    const marks = [from, ...this.stretches.map((one) => one.from).filter((at) => at > from + 1 && at < to - 1), to];
    return marks.slice(0, -1).map((at, index) => [at, marks[index + 1] ?? to]);
  }

  private bar(now: PlayerState): TemplateResult {
    const t = playerWords();
    const paused = this.video?.paused ?? true;
    const muted = (this.video?.muted ?? false) || this.video?.volume === 0;
    return html`<button class="btn btn--icon" type="button" aria-label=${paused ? t.play : t.pause} @click=${() => this.togglePlay()}>
        ${icon(paused ? 'play' : 'pause')}
      </button>
      <button class="btn btn--icon" type="button" aria-label=${t.back10} @click=${() => this.skip(-10)}>${icon('back')}</button>
      ${this.mode === 'live' ? this.liveButton(now) : this.replayTime()}
      <span class="grow"></span>
      <span class="player__volume">
        <button class="btn btn--icon" type="button" aria-label=${muted ? t.unmute : t.mute} @click=${() => this.mute()}>${icon(muted ? 'mute' : 'sound')}</button>
        <span class="player__slider"
          ><input type="range" min="0" max="1" step="0.05" .value=${String(muted ? 0 : (this.video?.volume ?? 1))} aria-label=${t.volume} @input=${this.setVolume}
        /></span>
      </span>
      ${this.mode === 'replay' ? this.speed() : nothing} ${this.captionButton()} ${this.qualityMenu()}
      <button class="btn btn--icon" type="button" aria-label=${this.full ? t.leaveFull : t.full} @click=${() => void this.toggleFull()}>${icon('full')}</button>`;
  }

  private liveButton(now: PlayerState): TemplateResult {
    const t = playerWords();
    const delay = this.delay;
    const said = delay === undefined ? '' : duration(Math.max(1, Math.round(delay)));
    const edge = now === 'live' || (now === 'behind' && this.following);
    if (!edge && this.started && now !== 'offline') {
      return html`<button class="btn player__golive" type="button" @click=${() => this.goLive()}>${t.toLive}</button>
        <span class="player__time muted hide-s">${this.playingDate === undefined ? '' : time(this.playingDate, this.zone)}</span>`;
    }
    return html`<button
        class="live"
        type="button"
        ?data-idle=${!edge}
        title=${said ? t.delayTitle(said) : nothing}
        aria-label=${said ? t.liveDelay(said) : t.live}
        @click=${() => this.goLive()}
      >
        ${t.live}
      </button>
      <span class="player__time muted hide-s">${said && this.playingDate !== undefined ? t.delay(time(this.playingDate, this.zone), said) : ''}</span>`;
  }

  private replayTime(): TemplateResult {
    const [, to] = this.range;
    return html`<span class="player__time">${clockText(this.position, to >= 3600)} <span class="muted">/ ${clockText(to)}</span></span>`;
  }

  private speed(): TemplateResult {
    const rate = this.video?.playbackRate ?? 1;
    const text = String(rate).replace('.', ',');
    return html`<button class="btn hide-s player__speed" type="button" aria-label=${playerWords().speed(text)} @click=${() => this.nextRate()}>${text}×</button>`;
  }

  private captionButton(): TemplateResult | typeof nothing {
    const tracks = this.source?.captions ?? [];
    if (tracks.length === 0) return nothing;
    return html`<button
      class="btn btn--icon"
      type="button"
      aria-pressed=${String(this.captions >= 0)}
      aria-label=${playerWords().captions}
      @click=${() => this.toggleCaptions()}
    >
      ${icon('cc')}
    </button>`;
  }

  private qualityMenu(): TemplateResult | typeof nothing {
    const t = playerWords();
    const source = this.source;
    if (!source || source.qualities.length === 0) return nothing;
    const all = [
      { id: AUTO, text: t.auto },
      ...source.qualities.map((one) => ({ id: one.id, text: `${one.height}p` })),
      { id: SOUND_ONLY, text: t.sound },
    ];
    const now = all.find((one) => one.id === source.chosen)?.text ?? t.auto;
    return html`<span class="player__menu">
      <button
        class="btn btn--icon"
        type="button"
        aria-haspopup="true"
        aria-expanded=${String(this.menu)}
        aria-label=${t.settings(now)}
        @click=${() => this.openMenu(!this.menu)}
      >
        ${icon('gear')}
      </button>
      ${this.menu
        ? html`<div class="player__choices" role="radiogroup" aria-label=${t.quality} @keydown=${this.menuKey}>
            <p class="small muted">${t.quality}</p>
            ${all.map(
              (one) => html`<button
                type="button"
                role="radio"
                tabindex=${one.id === source.chosen ? 0 : -1}
                aria-checked=${String(one.id === source.chosen)}
                @click=${() => this.choose(one.id)}
              >
                ${icon('check', 's')}<span>${one.text}</span>${one.id === SOUND_ONLY ? html`<small class="muted">${t.soundNote}</small>` : nothing}
              </button>`,
            )}
          </div>`
        : nothing}
    </span>`;
  }

  private openMenu(open: boolean): void {
    this.menu = open;
    void this.updateComplete.then(() => {
      const target = open ? this.querySelector<HTMLElement>('[role="radio"][tabindex="0"]') : this.querySelector<HTMLElement>('.player__menu > .btn');
      target?.focus();
    });
  }

  private readonly menuKey = (event: KeyboardEvent): void => {
    const all = [...this.querySelectorAll<HTMLElement>('.player__choices [role="radio"]')];
    const here = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1 }[event.key];
    if (event.key === 'Escape') this.openMenu(false);
    else if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  private readonly outside = (event: Event): void => {
    if (this.menu && !(event.target as HTMLElement).closest('.player__menu')) this.menu = false;
  };

  private choose(id: number): void {
    this.source?.choose(id);
    this.openMenu(false);
  }

  private togglePlay(): void {
    const video = this.video;
    if (!video) return;
    if (video.paused) void this.play();
    else this.pause();
  }

  private skip(seconds: number): void {
    const video = this.video;
    if (!video) return;
    this.following = false;
    const [from, to] = this.range;
    const at = video.currentTime + seconds;
    if (this.mode === 'live' && at >= to - 2) return this.goLive();
    video.currentTime = Math.max(from, Math.min(at, to - 0.1));
    this.requestUpdate();
  }

  private readonly slide = (event: Event): void => {
    this.following = false;
    this.seeking = Number((event.target as HTMLInputElement).value);
    this.requestUpdate();
  };

  private readonly slid = (event: Event): void => {
    const at = Number((event.target as HTMLInputElement).value);
    const [, to] = this.range;
    this.seeking = undefined;
    if (this.mode === 'live' && at >= to - 2) this.goLive();
    else this.seek(at, !(this.video?.paused ?? false));
  };

  private mute(): void {
    const video = this.video;
    if (!video) return;
    video.muted = !video.muted;
    if (!video.muted && video.volume === 0) video.volume = 1;
  }

  private readonly setVolume = (event: Event): void => {
    this.volume(Number((event.target as HTMLInputElement).value));
  };

  private volume(to: number): void {
    const video = this.video;
    if (!video) return;
    video.volume = Math.max(0, Math.min(1, to));
    video.muted = video.volume === 0;
    local.set('pl-volume', String(video.volume));
  }

  private nextRate(): void {
    const video = this.video;
    if (!video) return;
    video.playbackRate = RATES[(RATES.indexOf(video.playbackRate) + 1) % RATES.length] ?? 1;
    this.requestUpdate();
  }

  private toggleCaptions(): void {
    this.captions = this.captions >= 0 ? -1 : 0;
    this.source?.showCaptions(this.captions);
  }

  private async toggleFull(): Promise<void> {
    const section = this.querySelector('section');
    const video = this.video as (HTMLVideoElement & { webkitEnterFullscreen?: () => void }) | null;
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else if (section?.requestFullscreen) await section.requestFullscreen();
      else video?.webkitEnterFullscreen?.();
    } catch {
      video?.webkitEnterFullscreen?.();
    }
  }

  private readonly fullChanged = (): void => {
    this.full = document.fullscreenElement !== null && this.contains(document.fullscreenElement);
  };

  /** Keys of the player: everywhere in the page except where one writes or a control has the key itself. */
  private readonly key = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (target.closest('input:not([type="range"]), textarea, select, [contenteditable], [role="tablist"], dialog')) return;
    const inside = this.contains(target) || target === document.body;
    const onControl = target.closest('button, a, input, summary, [role="radio"]') !== null;
    const act = playerAct(event.key, { inside, onControl, full: this.full });
    if (!act || (act === 'captions' && (this.source?.captions.length ?? 0) === 0)) return;
    event.preventDefault();
    this.act(act);
  };

  private act(act: PlayerAct): void {
    if (act === 'toggle') this.togglePlay();
    else if (act === 'mute') this.mute();
    else if (act === 'full') void this.toggleFull();
    else if (act === 'captions') this.toggleCaptions();
    else if ('skip' in act) this.skip(act.skip);
    else this.volume((this.video?.volume ?? 1) + act.volume);
  }
}
define('pl-player', Player);
