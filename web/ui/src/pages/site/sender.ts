/**
 * The room's own side: camera, microphone, and their way to the seat. Owns devices and publisher, and what can be said of
 * picture, sound and line. Draws nothing.
 */
import type { PeerStats, PeerStatus } from '../../live/peer.js';
import { SoundLevel } from '../../live/sound-level.js';
import { local } from '../../live/store.js';
import { canSendH264, WhipPublisher } from '../../live/whip.js';
import { PictureJudge, SAID_AFTER_MS, watchPicture } from './picture-check.js';

/** Why there is no picture at all. */
export type DeviceTrouble = 'insecure' | 'no_h264' | 'denied' | 'none' | 'busy';
/** What is wrong with what is sent. */
export type SendTrouble = 'muted' | 'no_sound' | 'black' | 'frozen' | 'camera_gone' | 'microphone_gone';

export interface Devices {
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
}

export class Sender {
  stream: MediaStream | null = null;
  trouble: DeviceTrouble | undefined;
  devices: Devices = { cameras: [], microphones: [] };
  camera = local.get('pl-camera') ?? '';
  microphone = local.get('pl-microphone') ?? '';
  muted = false;
  status: PeerStatus = { state: 'idle' };
  stats: PeerStats | undefined;
  /** The most that went through in one second of this connection. */
  bestKbps = 0;
  /** Seconds of statistics without loss worth naming. */
  steadySeconds = 0;
  readonly level: SoundLevel;
  #publisher: WhipPublisher | undefined;
  #judge = new PictureJudge();
  #stopWatching: () => void;

  constructor(
    private readonly url: string,
    private readonly key: string | null,
    video: () => HTMLVideoElement | null,
    private readonly changed: () => void,
  ) {
    this.level = new SoundLevel(changed);
    this.#stopWatching = watchPicture(video, (luma, now) => this.#judge.sample(luma, now));
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#list());
  }

  /** Asks for camera and microphone; says plainly why when there is none. */
  async open(): Promise<void> {
    this.trouble = undefined;
    if (!window.isSecureContext || !navigator.mediaDevices) return this.#fail('insecure');
    if (!canSendH264()) return this.#fail('no_h264');
    try {
      const stream = await this.#ask();
      this.#use(stream);
      await this.#list();
    } catch (error) {
      this.#fail(troubleOf(error as DOMException));
    }
  }

  async choose(kind: 'camera' | 'microphone', id: string): Promise<void> {
    this[kind] = id;
    local.set(`pl-${kind}`, id);
    await this.open();
  }

  /** Sends to the seat; `takeover` takes it from whoever holds it, which the page has said first. */
  publish(takeover = false): void {
    if (!this.stream) return;
    this.#publisher?.stop();
    this.stats = undefined;
    this.steadySeconds = 0;
    this.bestKbps = 0;
    this.#publisher = new WhipPublisher({
      url: this.url,
      key: this.key,
      stream: this.stream,
      onState: (status) => this.#learn(status),
      onStats: (stats) => this.#measured(stats),
    });
    this.#publisher.publish(takeover);
  }

  stop(): void {
    this.#publisher?.stop();
    this.#publisher = undefined;
    this.#learn({ state: 'idle' });
  }

  close(): void {
    this.stop();
    this.#stopWatching();
    this.level.stop();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !muted;
    this.changed();
  }

  /** The worst thing there is to say about what is sent, with its age in ms. */
  get sending(): { code: SendTrouble; forMs: number } | undefined {
    if (!this.stream) return undefined;
    const now = performance.now();
    if (ended(this.stream.getVideoTracks())) return { code: 'camera_gone', forMs: 0 };
    if (ended(this.stream.getAudioTracks())) return { code: 'microphone_gone', forMs: 0 };
    if (this.muted) return { code: 'muted', forMs: 0 };
    const silent = this.level.silentSince;
    if (silent !== undefined && now - silent >= SAID_AFTER_MS) return { code: 'no_sound', forMs: now - silent };
    const picture = this.#judge.trouble(now);
    return picture && { code: picture.code, forMs: now - picture.since };
  }

  async #ask(): Promise<MediaStream> {
    const video: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 } };
    if (this.camera) video.deviceId = { ideal: this.camera };
    // A mixing desk has done this work already; the browser's would only damage music and applause.
    const audio: MediaTrackConstraints = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    if (this.microphone) audio.deviceId = { ideal: this.microphone };
    return navigator.mediaDevices.getUserMedia({ video, audio });
  }

  #use(stream: MediaStream): void {
    const old = this.stream;
    this.stream = stream;
    this.#judge = new PictureJudge();
    this.setMuted(this.muted);
    for (const track of stream.getTracks()) {
      track.addEventListener('ended', this.changed);
      track.addEventListener('mute', this.changed);
      track.addEventListener('unmute', this.changed);
    }
    this.level.listen(stream);
    void this.#publisher?.replace(stream);
    for (const track of old?.getTracks() ?? []) track.stop();
    this.changed();
  }

  async #list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    this.devices = { cameras: all.filter((one) => one.kind === 'videoinput'), microphones: all.filter((one) => one.kind === 'audioinput') };
    this.camera = this.stream?.getVideoTracks()[0]?.getSettings().deviceId ?? this.camera;
    this.microphone = this.stream?.getAudioTracks()[0]?.getSettings().deviceId ?? this.microphone;
    this.changed();
  }

  #fail(trouble: DeviceTrouble): void {
    this.trouble = trouble;
    this.changed();
  }

  #learn(status: PeerStatus): void {
    this.status = status;
    if (status.state !== 'live') {
      this.stats = undefined;
      this.steadySeconds = 0;
    }
    this.changed();
  }

  #measured(stats: PeerStats): void {
    this.stats = stats;
    this.bestKbps = Math.max(this.bestKbps, stats.kbps);
    this.steadySeconds = (stats.lossPercent ?? 0) > 2 ? 0 : this.steadySeconds + 1;
    this.changed();
  }
}

function ended(tracks: MediaStreamTrack[]): boolean {
  return tracks.length > 0 && tracks.every((track) => track.readyState === 'ended');
}

function troubleOf(error: DOMException): DeviceTrouble {
  if (error.name === 'NotAllowedError' || error.name === 'SecurityError') return 'denied';
  if (error.name === 'NotReadableError' || error.name === 'AbortError') return 'busy';
  return 'none';
}
