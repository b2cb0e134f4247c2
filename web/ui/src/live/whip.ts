/** WHIP publisher (RFC 9725): sends one camera and one microphone to a site's seat. Chooses no device and shows nothing. */
import { PeerLoop, type PeerOptions, type PeerStats } from './peer.js';
import { h264Of, Refusal } from './sdp.js';

export interface WhipOptions extends PeerOptions {
  /** What is sent; its tracks may be changed later with `replace`. */
  stream: MediaStream;
  /** Ceiling of the video encoder, kilobits per second. */
  maxKbps?: number;
}

/** 720p25 needs about 2 Mb/s in constrained baseline; above that the mixed programme gains nothing. */
const MAX_KBPS = 2500;

/** Whether this browser can send what the rooms are linked with. */
export function canSendH264(): boolean {
  return typeof RTCRtpSender !== 'undefined' && h264Of(RTCRtpSender.getCapabilities('video')).length > 0;
}

export class WhipPublisher extends PeerLoop {
  #stream: MediaStream;
  #maxKbps: number;
  #takeover = false;
  #last: { at: number; bytes: number; sent: number; lost: number } | null = null;

  constructor(options: WhipOptions) {
    super(options);
    this.#stream = options.stream;
    this.#maxKbps = options.maxKbps ?? MAX_KBPS;
  }

  /** Starts publishing; `takeover` takes a seat that somebody else holds, which the page must have said first. */
  publish(takeover = false): void {
    this.#takeover = takeover;
    this.start();
  }

  /** Sends another stream in place of the present one, without a new connection where the kinds allow it. */
  async replace(stream: MediaStream): Promise<void> {
    this.#stream = stream;
    for (const transceiver of this.peer?.getTransceivers() ?? []) {
      const kind = transceiver.sender.track?.kind ?? transceiver.receiver.track.kind;
      await transceiver.sender.replaceTrack(trackOf(stream, kind));
    }
  }

  protected override prepare(peer: RTCPeerConnection): void {
    const codecs = h264Of(RTCRtpSender.getCapabilities('video'));
    if (codecs.length === 0) throw new Refusal({ code: 'no_h264', detail: '', final: true });
    this.#last = null;
    const audio = trackOf(this.#stream, 'audio');
    peer.addTransceiver(audio ?? 'audio', { direction: 'sendonly', streams: [this.#stream] });
    const video = trackOf(this.#stream, 'video');
    const encoding = { maxBitrate: this.#maxKbps * 1000 };
    const transceiver = peer.addTransceiver(video ?? 'video', { direction: 'sendonly', streams: [this.#stream], sendEncodings: [encoding] });
    transceiver.setCodecPreferences(codecs);
  }

  protected override headers(): Record<string, string> {
    return this.#takeover ? { 'Pleniere-Takeover': 'true' } : {};
  }

  protected override connected(): void {
    // One decision takes the seat once: coming back after a loss must not push out whoever sits there by then.
    this.#takeover = false;
  }

  protected override measure(report: RTCStatsReport): PeerStats | undefined {
    const now = { at: performance.now(), bytes: 0, sent: 0, lost: 0 };
    const stats: PeerStats = { kbps: 0 };
    report.forEach((entry) => {
      if (entry.type === 'outbound-rtp') {
        now.bytes += entry.bytesSent ?? 0;
        now.sent += entry.packetsSent ?? 0;
        if (entry.kind === 'video') Object.assign(stats, { width: entry.frameWidth, height: entry.frameHeight, fps: entry.framesPerSecond });
      } else if (entry.type === 'remote-inbound-rtp') {
        now.lost += entry.packetsLost ?? 0;
      } else if (entry.type === 'candidate-pair' && entry.nominated && typeof entry.currentRoundTripTime === 'number') {
        stats.rttMs = Math.round(entry.currentRoundTripTime * 1000);
      }
    });
    const last = this.#last;
    this.#last = now;
    if (!last || now.at <= last.at) return undefined;
    stats.kbps = Math.max(0, ((now.bytes - last.bytes) * 8) / (now.at - last.at));
    const sent = now.sent - last.sent;
    if (sent > 0) stats.lossPercent = Math.min(100, Math.max(0, ((now.lost - last.lost) / sent) * 100));
    return stats;
  }
}

function trackOf(stream: MediaStream, kind: string): MediaStreamTrack | null {
  return stream.getTracks().find((track) => track.kind === kind) ?? null;
}
