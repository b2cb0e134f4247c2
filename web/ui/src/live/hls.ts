/**
 * HLS in a `<video>`: hls.js where Media Source exists, the browser's own player elsewhere (iPhone). Owns loading, recovery
 * after the origin was away, and the mapping to programme time. Draws nothing.
 */
import type Hls from 'hls.js';
import type { ErrorData } from 'hls.js';

/** `away`: the origin does not answer; it is asked again and again. `waiting`: it answers, nothing is published yet. */
export type SourceState = 'loading' | 'ready' | 'away' | 'waiting' | 'unsupported';

export interface Quality {
  /** hls.js level, -1 automatic, -2 sound only. */
  id: number;
  height: number;
}
export const AUTO = -1;
export const SOUND_ONLY = -2;

/** Milliseconds before asking again: quick, since most absences are a restart. */
const AGAIN_MS = [700, 700, 1000, 1500, 2000, 3000];
/** A source asked to go on must have brought bytes by then, else it is opened anew. */
const RESUME_MS = 4000;
/** A picture error within this time of the last is not mended the same way twice. */
const MEND_MS = 4000;

export class HlsSource {
  state: SourceState = 'loading';
  qualities: Quality[] = [];
  chosen = AUTO;
  /** performance.now of the next attempt, while `away` or `waiting`. */
  retryAt = 0;

  private hls: Hls | undefined;
  private native = false;
  private attempts = 0;
  private timer = 0;
  private mended = 0;
  private soundUrl: string | undefined;
  private stopped = false;
  /** Was asked to go on after an absence, and has not brought anything yet. */
  private resuming = false;

  /**
   * @param live LL-HLS: stay near the edge; else a recording from `start` seconds
   */
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly src: string,
    private readonly live: boolean,
    private start: number,
    private readonly changed: () => void,
  ) {
    void this.begin(src);
  }

  /** Programme time of the picture on screen, milliseconds; nothing while unknown. */
  get playingDate(): number | undefined {
    if (this.hls) return this.hls.playingDate?.getTime();
    const video = this.video as HTMLVideoElement & { getStartDate?: () => Date };
    const from = video.getStartDate?.().getTime();
    return from === undefined || Number.isNaN(from) ? undefined : from + video.currentTime * 1000;
  }

  /** Seconds behind the end of what is published, as the player counts. */
  get latency(): number | undefined {
    if (this.hls && this.live && this.hls.latestLevelDetails) return this.hls.latency;
    return undefined;
  }

  /** Where to go to be live, in player seconds. */
  get livePosition(): number | undefined {
    const sync = this.hls?.liveSyncPosition;
    if (sync !== null && sync !== undefined) return sync;
    const { seekable } = this.video;
    return seekable.length > 0 ? Math.max(seekable.start(0), seekable.end(seekable.length - 1) - 2) : undefined;
  }

  /** What can be sought, player seconds. */
  get range(): [number, number] {
    const { seekable, duration } = this.video;
    if (seekable.length > 0) return [seekable.start(0), seekable.end(seekable.length - 1)];
    return [0, Number.isFinite(duration) ? duration : 0];
  }

  get captions(): { id: number; name: string }[] {
    return this.hls?.subtitleTracks.map((track, id) => ({ id, name: track.name })) ?? [];
  }

  /** Shows a caption track, or none with -1. */
  showCaptions(id: number): void {
    if (!this.hls) return;
    this.hls.subtitleTrack = id;
    this.hls.subtitleDisplay = id >= 0;
  }

  /** Chooses a quality; the place in the programme is kept. */
  choose(quality: number): void {
    const before = this.chosen;
    this.chosen = quality;
    if (!this.hls) return;
    if (quality !== SOUND_ONLY && before !== SOUND_ONLY) {
      this.hls.nextLevel = quality;
      return;
    }
    if (quality === SOUND_ONLY && !this.soundUrl) {
      this.chosen = before;
      return;
    }
    const playing = !this.video.paused;
    if (!this.live) this.start = this.video.currentTime;
    this.hls.destroy();
    this.hls = undefined;
    void this.begin(quality === SOUND_ONLY ? (this.soundUrl as string) : this.src);
    if (playing) void this.video.play().catch(() => undefined);
  }

  /** Asks again now. */
  retry(): void {
    clearTimeout(this.timer);
    void this.ask();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.hls?.destroy();
    this.hls = undefined;
    if (this.native) this.video.removeAttribute('src');
  }

  private async begin(src: string): Promise<void> {
    const { default: HlsClass } = await import('hls.js');
    if (this.stopped) return;
    if (HlsClass.isSupported()) return this.beginHls(HlsClass, src);
    if (this.video.canPlayType('application/vnd.apple.mpegurl')) return this.beginNative(src);
    this.become('unsupported');
  }

  private beginHls(HlsClass: typeof Hls, src: string): void {
    const hls = new HlsClass({
      lowLatencyMode: this.live,
      // fMP4 needs no transmuxing, and a worker from a blob would need a wider content policy.
      enableWorker: false,
      startPosition: this.live ? -1 : this.start,
      liveDurationInfinity: this.live,
      maxLiveSyncPlaybackRate: this.live ? 1.06 : 1,
      // Each stall moves the target away from the edge by this much, seconds.
      liveSyncOnStallIncrease: 0.4,
      backBufferLength: 60,
      maxBufferLength: this.live ? 12 : 30,
      abrEwmaDefaultEstimate: 2_500_000,
      capLevelToPlayerSize: false,
      // A restart of the origin takes about a second; the fatal error is handled below.
      manifestLoadPolicy: policy(8000, 1),
      playlistLoadPolicy: policy(8000, 2),
      fragLoadPolicy: policy(15_000, 3),
    });
    this.hls = hls;
    hls.on(HlsClass.Events.MANIFEST_PARSED, (_, data) => {
      if (this.chosen === SOUND_ONLY) return;
      this.soundUrl = data.audioTracks[0]?.url ?? this.soundUrl;
      this.qualities = data.levels
        .map((level, id) => ({ id, height: level.height }))
        .filter((level) => level.height > 0)
        .sort((a, b) => b.height - a.height);
      if (this.chosen >= 0) hls.nextLevel = this.chosen;
      this.changed();
    });
    hls.on(HlsClass.Events.LEVEL_LOADED, () => this.heard());
    hls.on(HlsClass.Events.FRAG_BUFFERED, () => this.heard());
    hls.on(HlsClass.Events.ERROR, (_, data) => {
      if (data.fatal) this.failed(HlsClass, data);
    });
    hls.attachMedia(this.video);
    hls.loadSource(src);
  }

  private beginNative(src: string): void {
    this.native = true;
    this.video.src = src;
    this.video.addEventListener('loadedmetadata', () => {
      if (!this.live && this.start > 0) this.video.currentTime = this.start;
      this.heard();
    });
    this.video.addEventListener('error', () => this.again('away'));
  }

  /** Bytes came: whatever was wrong is over. */
  private heard(): void {
    this.attempts = 0;
    this.resuming = false;
    this.become('ready');
  }

  private failed(HlsClass: typeof Hls, data: ErrorData): void {
    if (data.type === HlsClass.ErrorTypes.MEDIA_ERROR) return this.mend();
    const status = data.response?.code ?? 0;
    this.again(this.lacking(status));
  }

  /** 503 before anything was heard means "not begun"; later it is an absence like any other. */
  private lacking(status: number): SourceState {
    return status === 404 || status === 425 || (status === 503 && this.live && this.qualities.length === 0) ? 'waiting' : 'away';
  }

  private mend(): void {
    const now = performance.now();
    if (now - this.mended < MEND_MS) {
      this.again('away');
      return;
    }
    this.mended = now;
    this.hls?.recoverMediaError();
  }

  private again(state: SourceState): void {
    const wait = AGAIN_MS[Math.min(this.attempts, AGAIN_MS.length - 1)] ?? 3000;
    // Thousands of players lost the origin at the same instant: they do not all come back at the same one.
    const spread = wait * (0.75 + Math.random() / 2);
    this.attempts += 1;
    this.retryAt = performance.now() + spread;
    this.become(state);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), spread);
  }

  /** Asks the origin whether it is back, and only then touches the player: the last picture stays meanwhile. */
  private async ask(): Promise<void> {
    if (this.stopped) return;
    const status = await fetch(this.url, { cache: 'no-store', credentials: 'omit' }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (this.stopped) return;
    if (status === 200) this.load();
    else this.again(this.lacking(status));
  }

  private get url(): string {
    return this.chosen === SOUND_ONLY && this.soundUrl ? this.soundUrl : this.src;
  }

  /** Goes on where it stopped when it can; opens anew when it never began, or when going on brought nothing. */
  private load(): void {
    clearTimeout(this.timer);
    if (this.hls && this.hls.levels.length > 0 && !this.resuming) {
      this.resuming = true;
      this.hls.startLoad(this.live ? -1 : this.video.currentTime);
      this.timer = window.setTimeout(() => this.state !== 'ready' && this.load(), RESUME_MS);
    } else if (this.hls) {
      this.resuming = false;
      if (!this.live) this.hls.config.startPosition = this.video.currentTime || this.start;
      this.hls.loadSource(this.url);
    } else if (this.native) {
      this.video.src = this.url;
      this.video.load();
    } else void this.begin(this.url);
  }

  private become(state: SourceState): void {
    this.state = state;
    this.changed();
  }
}

function policy(timeoutMs: number, retries: number) {
  const retry = { maxNumRetry: retries, retryDelayMs: 400, maxRetryDelayMs: 2000 };
  return {
    default: {
      maxTimeToFirstByteMs: timeoutMs,
      maxLoadTimeMs: timeoutMs * 2,
      timeoutRetry: { ...retry, retryDelayMs: 0 },
      errorRetry: retry,
    },
  };
}
