// How long the moderators' console is busy at a stretch with 704 questions, twenty more a second and somebody who walks through
// them with the keyboard: node tests/console-load.mjs [how many times slower than this machine]. Prints one JSON line.
import { loadavg } from 'node:os';
import { launch, openPage } from './browser.mjs';
import { stageSet } from './stage-set.mjs';

const SECONDS = 15;
const ARRIVE_MS = 50;
const PRESS_MS = 60;

const slower = Number(process.argv[2] ?? 1);

const question = (id, more = {}) => ({
  [`q/${id}`]: {
    id,
    number: id,
    version: 1,
    state: 'received',
    text: `Question numéro ${id}, ${'assez longue pour deux lignes '.repeat(id % 4)}`,
    show_name: false,
    asker: `a${id}`,
    votes: id % 50,
    asked_at: Date.now(),
    ...more,
  },
});
const questions = (first, count, more) => Array.from({ length: count }, (_, at) => question(first + at, more));

const [browser, set] = [await launch(), await stageSet()];
const page = await openPage(browser, set.url('/e/direct/moderate#key=moderator'), { width: 1440, height: 900 });
await page.waitForSelector('.conn[data-state="live"]');
await page.waitForSelector('.col article');
// Four are there already.
set.worlds.direct.change('moderation', Object.assign({}, ...questions(1000, 500), ...questions(5000, 200, { state: 'approved' })));
await page.locator('.fresh').click();
const cdp = await page.context().newCDPSession(page);
await cdp.send('Emulation.setCPUThrottlingRate', { rate: slower });
await page.evaluate(() => {
  globalThis.busy = [];
  globalThis.keys = [];
  new PerformanceObserver((all) => busy.push(...all.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: 'longtask' });
  new PerformanceObserver((all) => keys.push(...all.getEntries().filter(({ name }) => name === 'keydown').map(({ duration }) => duration))).observe({
    type: 'event',
    durationThreshold: 16,
  });
});

let arrived = 0;
const arriving = setInterval(() => set.worlds.direct.change('moderation', question(20_000 + arrived++)), ARRIVE_MS);
let presses = 0;
const until = Date.now() + SECONDS * 1000;
while (Date.now() < until) {
  await page.keyboard.press(presses++ % 12 < 8 ? 'j' : 'k');
  await page.waitForTimeout(PRESS_MS);
}
clearInterval(arriving);

const { busy, keys } = await page.evaluate(() => ({ busy, keys }));
const most = (all) => Math.max(0, ...all);
console.log(
  JSON.stringify({
    slower,
    seconds: SECONDS,
    arrived,
    presses,
    tasks_over_50_ms: busy.length,
    longest_task_ms: most(busy),
    keys_over_16_ms: keys.length,
    slowest_key_ms: most(keys),
    load: loadavg()[0],
  }),
);
await browser.close();
await set.close();
