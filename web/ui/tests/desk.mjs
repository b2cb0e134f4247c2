// What the tests of the working pages share: a stage set and a page of their own, and what axe has to say.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openPage, rested, shot } from './browser.mjs';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Opens `path` on a set of its own, waits for `ready`, gives page and set to `use`, and closes both. */
export async function desk(browser, stageSet, path, ready, use, options = {}) {
  const set = await stageSet();
  try {
    const page = await openPage(browser, set.url(path), options);
    try {
      await page.waitForSelector('.conn[data-state="live"]');
      await page.waitForSelector(ready);
      await use(page, set);
    } finally {
      await page.context().close();
    }
  } finally {
    await set.close();
  }
}

/** Nothing that axe refuses, nothing sideways; leaves a screenshot when SHOTS names a folder. */
export async function clean(page, name) {
  await rested(page);
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
  const { width } = page.viewportSize();
  const dark = await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  if (process.env.SHOTS) await shot(page, join(process.env.SHOTS, `${name}-${dark}-${width}.png`));
  assert.deepEqual(told, []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'wider than the window');
}
