// The page held on stage: the question, the next two, the time, the message until it is seen, and a lost network.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { clean, desk } from './desk.mjs';
import { stageSet } from './stage-set.mjs';

const PATH = '/e/direct/stage#key=stage';
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const on = (use, options) => desk(browser, stageSet, PATH, '.now', use, options);
const message = (id, text) => ({ message: { id, text, from: 'Régie', at: Date.now(), seen: false } });

test('the question on air is big, the next two follow in order', () =>
  on(async (page, set) => {
    assert.match(await page.locator('.now').innerText(), /Comment travailler ensemble/);
    assert.equal(await page.locator('.next li').count(), 2);
    assert.match(await page.locator('.next li').first().innerText(), /déborde/);
    const known = set.worlds.direct.topics.stage.map;
    set.worlds.direct.change('stage', { 'q/48': { ...known.get('q/48'), state: 'on_air', rank: undefined } }, ['q/42']);
    await page.locator('.now blockquote', { hasText: 'déborde' }).waitFor();
    assert.match(await page.locator('.next li').first().innerText(), /partager les cours/);
  }));

test('a message covers half the screen until it is seen', () =>
  on(async (page, set) => {
    set.worlds.direct.change('stage', message('m1', 'Concluez en une minute.'));
    const note = page.locator('.note');
    await note.waitFor();
    const box = await note.boundingBox();
    assert.ok(box.height >= page.viewportSize().height / 2 - 1);
    await page.waitForFunction(() => document.activeElement?.textContent.trim() === 'Vu');
    await clean(page, 'stage-message');
    await page.keyboard.press('Enter');
    await note.waitFor({ state: 'detached' });
    await page.locator('.said', { hasText: 'Concluez' }).waitFor();
    assert.equal(set.state.commands.at(-1).message, 'm1');
  }));

test('without network the last list stays, says so, and "seen" is delivered afterwards', () =>
  on(async (page, set) => {
    set.worlds.direct.change('stage', message('m2', 'Deux minutes.'));
    await page.locator('.note').waitFor();
    set.leave();
    await page.getByText('voici la dernière liste').waitFor();
    assert.match(await page.locator('.now').innerText(), /Comment travailler ensemble/);
    await page.getByRole('button', { name: 'Vu' }).click();
    await page.locator('.note').waitFor({ state: 'detached' });
    assert.equal(set.state.commands.length, 0);
    set.back();
    await page.waitForSelector('.conn[data-state="live"]');
    for (let tries = 0; set.state.commands.length === 0 && tries < 1000; tries += 1) await new Promise((next) => setTimeout(next, 20));
    assert.deepEqual([set.state.commands[0].do, set.state.commands[0].message], ['seen', 'm2']);
    assert.equal(await page.getByText('voici la dernière liste').count(), 0);
  }));

test('the countdown runs with its marks, and gives way to the end of the session', () =>
  on(async (page, set) => {
    set.worlds.direct.change('stage', { countdown: { ends_at: Date.now() + 8 * 60_000, minutes: 20, label: 'Temps de parole' } });
    await page.locator('.time', { hasText: 'Temps de parole' }).waitFor();
    assert.equal(await page.locator('.marks b').count(), 3);
    assert.match(await page.locator('.clock--xl').innerText(), /^[78]:\d\d$/);
    set.worlds.direct.change('stage', {}, ['countdown']);
    await page.locator('.time', { hasText: 'Travailler ensemble, autrement' }).waitFor();
  }));

for (const [theme, width] of [['light', 1440], ['dark', 1440], ['light', 390], ['dark', 360]]) {
  test(`axe refuses nothing, ${theme} ${width}`, () => on((page) => clean(page, 'stage'), { theme, width, height: 844 }));
}
