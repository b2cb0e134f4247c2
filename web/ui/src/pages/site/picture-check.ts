/** Owns whether the own picture is black or stands still, from small samples of it. Shows nothing. */

const WIDTH = 32;
const HEIGHT = 18;
const EVERY_MS = 500;
/** Mean luma (0-255) under which a picture is called black: a lens cap, not a dim room. */
const BLACK_LUMA = 14;
/** A camera's own noise changes more than this between two samples half a second apart; a frozen one changes nothing. */
const STILL_DIFFERENCE = 0.02;
/** How long something must last before it is said. */
export const SAID_AFTER_MS = 3000;

export type PictureTrouble = 'black' | 'frozen';

/** Judges one sample after the other. */
export class PictureJudge {
  #last: Float32Array | undefined;
  #blackSince: number | undefined;
  #stillSince: number | undefined;

  sample(luma: Float32Array, now: number): void {
    let sum = 0;
    let difference = 0;
    for (let i = 0; i < luma.length; i += 1) {
      const value = luma[i] ?? 0;
      sum += value;
      difference += Math.abs(value - (this.#last?.[i] ?? -255));
    }
    this.#blackSince = sum / luma.length < BLACK_LUMA ? (this.#blackSince ?? now) : undefined;
    this.#stillSince = difference / luma.length < STILL_DIFFERENCE ? (this.#stillSince ?? now) : undefined;
    this.#last = luma;
  }

  /** What is wrong and since when; black comes first, since a black picture also stands still. */
  trouble(now: number): { code: PictureTrouble; since: number } | undefined {
    if (this.#blackSince !== undefined && now - this.#blackSince >= SAID_AFTER_MS) return { code: 'black', since: this.#blackSince };
    if (this.#stillSince !== undefined && now - this.#stillSince >= SAID_AFTER_MS) return { code: 'frozen', since: this.#stillSince };
    return undefined;
  }
}

/** Takes a sample of a video element every half second. Returns how to stop. */
export function watchPicture(video: () => HTMLVideoElement | null, taken: (luma: Float32Array, now: number) => void): () => void {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const timer = setInterval(() => {
    const element = video();
    // A page in the background draws nothing: no judgement then.
    if (!context || !element || element.readyState < 2 || document.hidden) return;
    context.drawImage(element, 0, 0, WIDTH, HEIGHT);
    const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
    const luma = new Float32Array(WIDTH * HEIGHT);
    for (let i = 0; i < luma.length; i += 1) luma[i] = 0.2126 * (data[i * 4] ?? 0) + 0.7152 * (data[i * 4 + 1] ?? 0) + 0.0722 * (data[i * 4 + 2] ?? 0);
    taken(luma, performance.now());
  }, EVERY_MS);
  return () => clearInterval(timer);
}
