/** Tests what a viewer needs: a decoder for the picture, sound, a line that holds. Asks for no permission. */
import type { ReactiveControllerHost } from 'lit';
import type { Connection } from '../../live/connection.js';
import { clock } from '../../live/clock.js';

export interface Found {
  video: boolean;
  sound: boolean;
  line: boolean;
  /** Server milliseconds. */
  at: number;
}

const CODECS = 'video/mp4; codecs="avc1.64001f,mp4a.40.2"';

export class Equipment {
  running = false;
  found: Found | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly live: Connection,
  ) {}

  async test(): Promise<void> {
    this.running = true;
    this.host.requestUpdate();
    const sound = await chime();
    this.found = { video: playsVideo(), sound, line: this.live.state === 'live', at: clock.now() };
    this.running = false;
    this.host.requestUpdate();
  }
}

function playsVideo(): boolean {
  const source = (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource ?? globalThis.MediaSource;
  return source?.isTypeSupported(CODECS) || document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== '';
}

/** Two soft notes; true when the sound clock ran. */
async function chime(): Promise<boolean> {
  try {
    const context = new AudioContext();
    await context.resume();
    const gain = context.createGain();
    gain.gain.value = 0.08;
    gain.connect(context.destination);
    const start = context.currentTime;
    for (const [at, hertz] of [[0, 523], [0.22, 784]] as const) {
      const note = context.createOscillator();
      note.frequency.value = hertz;
      note.connect(gain);
      note.start(start + at);
      note.stop(start + at + 0.2);
    }
    await new Promise((done) => setTimeout(done, 600));
    const ran = context.currentTime > start + 0.2;
    await context.close();
    return ran;
  } catch {
    return false;
  }
}
