// `node latency.mjs VIEWER_URL SECONDS`: plays the programme in Chromium and prints, as JSON, the glass-to-glass delay of
// each picture read: strip in the picture against the clock of the same machine, from the mixer (`latency_s`) and, while one
// room is full screen, from the room's raw frame before its encoder (`chain_s`). Used by `pleniere-load latency`.
import { ROOM_ROW, launch, play, readStrip } from './browser.mjs';

const [url, seconds] = process.argv.slice(2);
if (!url || !Number(seconds)) {
  console.error('usage: node latency.mjs VIEWER_URL SECONDS');
  process.exit(2);
}

const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(url);
  const pressed = Date.now();
  await play(page);
  const first = (Date.now() - pressed) / 1000;
  await new Promise((settled) => setTimeout(settled, 5000));
  const stalls = page.evaluate(
    (ms) =>
      new Promise((done) => {
        const video = document.querySelector('video');
        let count = 0;
        video.addEventListener('waiting', () => (count += 1));
        setTimeout(() => done(count), ms);
      }),
    Number(seconds) * 1000,
  );
  const latency = [];
  const chain = [];
  const end = Date.now() + Number(seconds) * 1000;
  while (Date.now() < end) {
    const seen = await readStrip(page);
    if (seen) latency.push(seen.latency_ms / 1000);
    const room = await readStrip(page, 'video', ROOM_ROW);
    if (room) chain.push(room.latency_ms / 1000);
    await new Promise((next) => setTimeout(next, 200));
  }
  console.log(JSON.stringify({ latency_s: latency, chain_s: chain, first_picture_s: first, stalls: await stalls }));
} finally {
  await browser.close();
}
