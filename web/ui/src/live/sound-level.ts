/** Owns how loud a stream is: a level in dBFS ten times a second, and since when there has been nothing to hear. */

/** Below this a room is taken for silent: a closed fader or a dead cable, not a pause in speech. */
const SILENT_DB = -58;
/** The meter shows the last 40 ms. */
const METER_SAMPLES = 2048;
/** The lowest level told. */
export const FLOOR_DB = -60;

export class SoundLevel {
  /** dBFS, `FLOOR_DB` to 0. */
  db = FLOOR_DB;
  /** performance.now since when it has been silent, or undefined. */
  silentSince: number | undefined;
  /** Whether anything was heard since it listens. */
  heard = false;
  #context: AudioContext | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #timer = 0;

  constructor(private readonly changed: () => void) {}

  /** Listens to a stream; null stops. A stream without sound counts as silent. */
  listen(stream: MediaStream | null): void {
    this.stop();
    if (!stream || stream.getAudioTracks().length === 0) return;
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    // 170 ms: longer than the step between two readings, so that no sound falls between them.
    analyser.fftSize = 8192;
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = window.setInterval(() => {
      // Until a first press the browser may keep the context asleep: nothing is known then, which is not silence.
      if (this.#context?.state === 'suspended') return void this.#context.resume();
      analyser.getFloatTimeDomainData(samples);
      this.#heard(levelOf(samples.subarray(-METER_SAMPLES)), peakOf(samples), performance.now());
    }, 100);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#source?.disconnect();
    void this.#context?.close().catch(() => undefined);
    this.#context = undefined;
    this.#source = undefined;
    this.db = FLOOR_DB;
    this.silentSince = undefined;
    this.heard = false;
  }

  #heard(db: number, loudest: number, now: number): void {
    // Falls slowly, rises at once: what the eye expects of a meter.
    this.db = Math.max(db, this.db - 3, FLOOR_DB);
    if (loudest <= SILENT_DB) this.silentSince ??= now;
    else {
      this.silentSince = undefined;
      this.heard = true;
    }
    this.changed();
  }
}

/** Root mean square of samples in dBFS. */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.max(FLOOR_DB, 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-9));
}

/** The loudest sample in dBFS. */
export function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return Math.max(FLOOR_DB, 20 * Math.log10(peak + 1e-9));
}
