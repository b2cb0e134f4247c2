// Real pictures: rooms fed from a video file with sound, seen and heard in the programme.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { audioLevel, launch, openPage, pictureMoves, play, readStrip } from './browser.mjs';
import { QUIET, rehearse, until } from './program.mjs';

const clips = join(dirname(fileURLToPath(import.meta.url)), '../../../.tools/clips');
let program;
let browser;
before(async () => {
  program = await rehearse({ args: ['--script', QUIET, '--audience', '0', '--sites', '2', '--clips', clips] });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

test('a rehearsal fed with a real clip shows it with its sound', async () => {
  await until('two rooms joined', () => program.log.filter((line) => line.includes('took its seat')).length >= 2, 30_000);
  assert.equal(program.log.filter((line) => /clip/i.test(line) && /WARN|ERROR/.test(line)).length, 0, program.log.join('\n'));
  const viewer = await openPage(browser, program.links.viewer);
  await play(viewer);
  await until('the strip says that it is live', async () => ((await readStrip(viewer))?.latency_ms ?? 9999) < 2500);
  // A drawn room is one flat colour round its screen; the clip has as many colours as a camera.
  await until('a picture of many colours', async () => (await colours(viewer)) > 250);
  assert.ok((await pictureMoves(viewer, { ms: 1000 })) > 0.5);
  assert.ok((await audioLevel(viewer, { ms: 3000 })) > -45);
});

/** How many different colours (4 bits a channel) a small copy of the picture holds. */
const colours = (page) =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 180;
    const context = canvas.getContext('2d');
    context.drawImage(document.querySelector('video'), 0, 0, 320, 180);
    const { data } = context.getImageData(0, 10, 320, 170);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4) seen.add(((data[at] >> 4) << 8) | ((data[at + 1] >> 4) << 4) | (data[at + 2] >> 4));
    return seen.size;
  });
