// Chromium for the tests: one way to start it, and eyes and ears for what it plays.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];

/** Starts Chromium with a new profile. `args` are added to the flags. */
export async function launch({ args = [] } = {}) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...args] });
}

/** A page of its own profile: size, light or dark, language; `errors` collects what the console complains of. */
export async function openPage(browser, url, { width = 1280, height = 800, theme = 'light', locale = 'fr-FR', touch = false, reducedMotion = 'no-preference' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale, hasTouch: touch, reducedMotion, timezoneId: 'Europe/Paris' });
  await context.addInitScript(lasting);
  const page = await context.newPage();
  page.errors = [];
  page.foreign = [];
  page.on('console', (message) => message.type() === 'error' && page.errors.push(message.text()));
  page.on('pageerror', (error) => page.errors.push(String(error)));
  const origin = new URL(url).origin;
  page.on('request', (request) => {
    const address = request.url();
    if (/^(https?|wss?):/.test(address) && new URL(address.replace(/^ws/, 'http')).origin !== origin) page.foreign.push(address);
  });
  await page.goto(url);
  return page;
}

/** Runs in the page: messages stay until the next one, since a busy machine may take longer than six seconds for two steps of a test. */
function lasting() {
  globalThis.customElements?.whenDefined('pl-toasts').then((toasts) => (toasts.prototype.start = () => undefined));
}

/**
 * Opens a page as a browser that lets nothing play by itself, and comes back once it has refused the page's first try. Until then
 * nothing may look into the page: every look by the test counts as a gesture of the person, after which playing is allowed.
 */
export async function openRefused(browser, url) {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function () {
      const playing = play.call(this);
      playing.catch((error) => console.debug('play refused', error.name));
      return playing;
    };
  });
  const refused = page.waitForEvent('console', (message) => message.text() === 'play refused NotAllowedError');
  await Promise.all([refused, page.goto(url)]);
  return page;
}

/** Presses play when the page asks for it, and waits until the picture moves. */
export async function play(page, withinMs = 15_000) {
  await page.waitForSelector('video', { state: 'attached', timeout: withinMs });
  await page.evaluate(() => {
    const start = document.querySelector('.player__start');
    if (start) start.click();
    else void document.querySelector('video').play();
  });
  await page.waitForFunction(
    () => {
      const video = document.querySelector('video');
      return video && !video.paused && video.readyState >= 3 && video.currentTime > 0;
    },
    undefined,
    { timeout: withinMs },
  );
}

/** Runs in the page: the 48 cells of a strip in the top 32 rows of a video, read at `row` of 720, as bits. */
function cells([selector, row]) {
  const video = document.querySelector(selector);
  if (!video?.videoWidth) return undefined;
  const canvas = (globalThis.__strip ??= document.createElement('canvas'));
  canvas.width = video.videoWidth;
  canvas.height = 32;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  // Rows of a 720-row programme: scaled with the picture on smaller renditions.
  const rows = Math.max(4, Math.round((32 * video.videoHeight) / 720));
  context.drawImage(video, 0, 0, video.videoWidth, rows, 0, 0, video.videoWidth, 32);
  const read = Date.now();
  const { data } = context.getImageData(0, row, video.videoWidth, 1);
  const bits = Array.from({ length: 48 }, (_, index) => {
    const x = Math.floor(((index + 0.5) * video.videoWidth) / 48);
    return data[x * 4 + 1] > 127 ? 1 : 0;
  });
  return { bits, read };
}

/** CRC-8, polynomial 0x07, initial 0. */
export function crc8(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
  }
  return crc;
}

/** The time in 48 bits of the strip, near `now` (unix milliseconds); undefined when the check fails or there is no strip. */
export function decodeStrip(bits, now) {
  const bytes = Array.from({ length: 6 }, (_, index) => bits.slice(index * 8, index * 8 + 8).reduce((sum, bit) => sum * 2 + bit, 0));
  if (crc8(bytes.slice(0, 5)) !== bytes[5]) return undefined;
  const low = bytes.slice(0, 5).reduce((sum, byte) => sum * 256 + byte, 0);
  if (low === 0) return undefined;
  const span = 2 ** 40;
  const base = Math.floor(now / span) * span;
  return [base - span, base, base + span].map((start) => start + low).sort((a, b) => Math.abs(a - now) - Math.abs(b - now))[0];
}

/** The row of the programme's own strip. */
export const PROGRAMME_ROW = 8;
/** With one simulated room full screen, its own strip, twice enlarged, shows below the programme's. */
export const ROOM_ROW = 24;

/** Reads a latency strip of a playing video: when its frame was made, and how long ago. Undefined when unreadable. */
export async function readStrip(page, selector = 'video', row = PROGRAMME_ROW) {
  const seen = await page.evaluate(cells, [selector, row]);
  if (!seen) return undefined;
  const made = decodeStrip(seen.bits, seen.read);
  return made === undefined ? undefined : { made, read: seen.read, latency_ms: seen.read - made };
}

/** Loudest level of the video's sound over `ms`, in dBFS (-Infinity for silence). */
export async function audioLevel(page, { selector = 'video', ms = 1000 } = {}) {
  return page.evaluate(
    async ({ selector, ms }) => {
      const video = document.querySelector(selector);
      // captureStream leaves the element's own output alone, so it may be asked twice.
      const stream = video.srcObject ?? video.captureStream();
      const context = new AudioContext();
      await context.resume();
      const analyser = context.createAnalyser();
      analyser.fftSize = 2048;
      context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      let peak = 0;
      const end = performance.now() + ms;
      while (performance.now() < end) {
        analyser.getFloatTimeDomainData(samples);
        for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
        await new Promise((next) => setTimeout(next, 40));
      }
      await context.close();
      return 20 * Math.log10(peak);
    },
    { selector, ms },
  );
}

/** Mean difference, 0 to 255, between two readings of the picture `ms` apart: more than about 0.5 means that it moves. */
export async function pictureMoves(page, { selector = 'video', ms = 500 } = {}) {
  return page.evaluate(
    async ({ selector, ms }) => {
      const video = document.querySelector(selector);
      const canvas = document.createElement('canvas');
      canvas.width = 160;
      canvas.height = 90;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      const read = () => {
        context.drawImage(video, 0, 0, 160, 90);
        return context.getImageData(0, 0, 160, 90).data;
      };
      const first = read();
      await new Promise((next) => setTimeout(next, ms));
      const second = read();
      let sum = 0;
      for (let index = 0; index < first.length; index += 4) sum += Math.abs(first[index] - second[index]);
      return sum / (first.length / 4);
    },
    { selector, ms },
  );
}

/**
 * Waits until nothing fades or moves any more that ever comes to rest: half a transition has colours of its own. Looks
 * again and again: an animation whose element goes away may never say that it is finished.
 */
export async function rested(page) {
  await page.evaluate(() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next))));
  await page.waitForFunction(() => {
    const moves = (one) => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity;
    return !document.getAnimations().some(moves);
  });
}

/** Saves a screenshot of what is on screen, once fonts are there. */
export async function shot(page, path, options = {}) {
  await mkdir(dirname(path), { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path, ...options });
}
