/** WHEP player: receives one stream (the programme, a site, a return) as a MediaStream. Draws and plays nothing itself. */
import { PeerLoop, type PeerOptions, type PeerProblem, type PeerStats } from './peer.js';
import { h264Of, Refusal } from './sdp.js';

export interface WhepOptions extends PeerOptions {
  /** Called with the stream once tracks arrive, and with null when they are gone. */
  onStream: (stream: MediaStream | null) => void;
  /** False asks for no sound: small pictures of rooms need none. */
  audio?: boolean;
}

export class WhepPlayer extends PeerLoop {
  #onStream: (stream: MediaStream | null) => void;
  #audio: boolean;
  #stream: MediaStream | null = null;
  #last: { at: number; bytes: number; received: number; lost: number } | null = null;

  constructor(options: WhepOptions) {
    super(options);
    this.#onStream = options.onStream;
    this.#audio = options.audio ?? true;
  }

  /** What is playing now, or null. */
  get stream(): MediaStream | null {
    return this.#stream;
  }

  protected override prepare(peer: RTCPeerConnection): void {
    const codecs = h264Of(RTCRtpReceiver.getCapabilities('video'));
    if (codecs.length === 0) throw new Refusal({ code: 'no_h264', detail: '', final: true });
    this.#last = null;
    const stream = new MediaStream();
    peer.addEventListener('track', ({ track }) => {
      stream.addTrack(track);
      this.#give(stream);
    });
    peer.addEventListener('connectionstatechange', () => {
      if (peer.connectionState === 'failed' || peer.connectionState === 'closed') this.#give(null);
    });
    if (this.#audio) peer.addTransceiver('audio', { direction: 'recvonly' });
    peer.addTransceiver('video', { direction: 'recvonly' }).setCodecPreferences(codecs);
  }

  override stop(): void {
    super.stop();
    this.#give(null);
  }

  /** A room that is not there yet is no mistake: it is asked for again. */
  protected override passing(problem: PeerProblem): boolean {
    return problem.code === 'unknown_stream' || problem.code === 'seat_taken';
  }

  protected override measure(report: RTCStatsReport): PeerStats | undefined {
    const now = { at: performance.now(), bytes: 0, received: 0, lost: 0 };
    const stats: PeerStats = { kbps: 0 };
    report.forEach((entry) => {
      if (entry.type === 'inbound-rtp') {
        now.bytes += entry.bytesReceived ?? 0;
        now.received += entry.packetsReceived ?? 0;
        now.lost += entry.packetsLost ?? 0;
        if (entry.kind === 'video') Object.assign(stats, { width: entry.frameWidth, height: entry.frameHeight, fps: entry.framesPerSecond });
      } else if (entry.type === 'candidate-pair' && entry.nominated && typeof entry.currentRoundTripTime === 'number') {
        stats.rttMs = Math.round(entry.currentRoundTripTime * 1000);
      }
    });
    const last = this.#last;
    this.#last = now;
    if (!last || now.at <= last.at) return undefined;
    stats.kbps = Math.max(0, ((now.bytes - last.bytes) * 8) / (now.at - last.at));
    const expected = now.received - last.received + (now.lost - last.lost);
    if (expected > 0) stats.lossPercent = Math.min(100, Math.max(0, ((now.lost - last.lost) / expected) * 100));
    return stats;
  }

  #give(stream: MediaStream | null): void {
    this.#stream = stream;
    this.#onStream(stream);
  }
}
