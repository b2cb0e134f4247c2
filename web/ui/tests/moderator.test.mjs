// The moderator's page on the stage set: triage by keyboard, reasons by digit, undo, what colleagues change meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './browser.mjs';
import { clean, desk } from './desk.mjs';
import { stageSet } from './stage-set.mjs';

const PATH = '/e/direct/moderate#key=moderator';
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** A page and a set of its own: these tests change the questions. */
const on = (use, options) => desk(browser, stageSet, PATH, '.col article', use, options);

const ids = (page, column) => page.$$eval(`.col[data-column="${column}"] article`, (cards) => cards.map((card) => Number(card.dataset.id)));
const chosen = (page) => page.$eval('.col article[aria-current="true"]', (card) => Number(card.dataset.id));
const leaves = (page, column, id) => page.waitForFunction(([c, i]) => !document.querySelector(`.col[data-column="${c}"] article[data-id="${i}"]`), [column, id]);
const enters = (page, column, id) => page.waitForSelector(`.col[data-column="${column}"] article[data-id="${id}"]:not([data-pending])`);
const toast = (page, words) => page.locator('.toast', { hasText: words }).waitFor();
const sent = (set, name) => set.state.commands.filter((command) => command.do === name);
const question = (id, more = {}) => ({ [`q/${id}`]: { id, number: id, version: 1, state: 'received', text: `Question numéro ${id}`, show_name: false, asker: `a${id}`, votes: 0, asked_at: Date.now(), ...more } });

describe('triage with the keyboard', () => {
  test('J and K move, A approves with the version seen, the next card is chosen, Z takes it back', () =>
    on(async (page, set) => {
      const [first, second] = await ids(page, 'sort');
      assert.equal(await chosen(page), first);
      await page.keyboard.press('j');
      assert.equal(await chosen(page), second);
      await page.keyboard.press('k');
      await page.keyboard.press('a');
      await enters(page, 'kept', first);
      assert.equal(await chosen(page), second);
      assert.deepEqual(sent(set, 'approve').map(({ question, version }) => ({ question, version })), [{ question: first, version: 1 }]);
      await toast(page, `Question ${first} retenue`);
      await page.keyboard.press('z');
      await enters(page, 'sort', first);
      assert.equal(sent(set, 'restore').length, 1);
    }));

  test('R then a digit declines with the reason of that digit', () =>
    on(async (page, set) => {
      const [first] = await ids(page, 'sort');
      await page.keyboard.press('r');
      await page.locator('.why button').first().waitFor();
      assert.equal(await page.locator('.why .btn--quiet').count(), 9);
      await page.keyboard.press('3');
      await leaves(page, 'sort', first);
      assert.deepEqual(sent(set, 'decline')[0].reason, { code: 'off_topic' });
      await page.selectOption('.col[data-column="sort"] .menu', 'declined');
      await enters(page, 'sort', first);
    }));

  test('R and 9 ask for words, which are sent with the reason', () =>
    on(async (page, set) => {
      await page.keyboard.press('r');
      await page.keyboard.press('9');
      await page.fill('#m-writing', 'Posez-la plutôt demain');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await toast(page, 'non retenue');
      assert.deepEqual(sent(set, 'decline')[0].reason, { code: 'other', text: 'Posez-la plutôt demain' });
    }));

  test('S sends a fresh question to the run sheet: approved, then staged, each with its version', () =>
    on(async (page, set) => {
      const [first] = await ids(page, 'sort');
      await page.keyboard.press('s');
      await enters(page, 'running', first);
      assert.deepEqual(
        set.state.commands.map((command) => [command.do, command.version]),
        [['approve', 1], ['stage', 2]],
      );
    }));

  test('O puts on air, Enter marks answered, both from the third column', () =>
    on(async (page, set) => {
      await page.keyboard.press('3');
      const [onAir, next] = await ids(page, 'running');
      assert.equal(await chosen(page), onAir);
      await page.keyboard.press('Enter');
      await leaves(page, 'running', onAir);
      assert.equal(sent(set, 'answer')[0].question, onAir);
      await page.keyboard.press('3');
      assert.equal(await chosen(page), next);
      await page.keyboard.press('o');
      await page.waitForSelector(`article[data-id="${next}"][data-state="air"]`);
    }));

  test('E edits in place and keeps the original; T reaches the theme', () =>
    on(async (page, set) => {
      const [first] = await ids(page, 'sort');
      await page.keyboard.press('e');
      await page.fill('#m-edit', 'Texte plus court');
      await page.keyboard.press('Enter');
      await toast(page, `Question ${first} modifiée`);
      assert.equal(sent(set, 'edit')[0].text, 'Texte plus court');
      await page.keyboard.press('t');
      await page.waitForFunction(() => document.activeElement?.id === 'm-theme');
      await page.selectOption('#m-theme', 'gouvernance');
      await page.waitForFunction(() => document.querySelector('.toast')?.textContent.includes('modifiée'));
      assert.equal(sent(set, 'edit').at(-1).theme, 'gouvernance');
    }));

  test('typing in the search triggers nothing, and the keys can be switched off', () =>
    on(async (page, set) => {
      await page.keyboard.press('/');
      await page.keyboard.type('agents');
      await page.waitForFunction(() => document.querySelectorAll('.col[data-column="sort"] article').length === 0);
      assert.equal((await ids(page, 'kept')).length, 1);
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => document.querySelectorAll('.col[data-column="sort"] article').length > 0);
      await page.keyboard.press('?');
      await page.locator('#m-help[open]').waitFor();
      await page.getByRole('switch', { name: 'Raccourcis actifs' }).click();
      await page.keyboard.press('Escape');
      await page.locator('#m-help[open]').waitFor({ state: 'detached' }).catch(() => undefined);
      await page.keyboard.press('a');
      await page.keyboard.press('a');
      assert.equal(set.state.commands.length, 0);
    }));
});

describe('a team at work', () => {
  test('arrivals wait behind the bar until they are asked for', () =>
    on(async (page, set) => {
      const before = await ids(page, 'sort');
      set.worlds.direct.change('moderation', { ...question(70), ...question(71) });
      const bar = page.locator('.fresh', { hasText: '2 nouvelles questions' });
      await bar.waitFor();
      assert.deepEqual(await ids(page, 'sort'), before);
      await bar.click();
      await enters(page, 'sort', 71);
      assert.deepEqual(await ids(page, 'sort'), [...before, 70, 71]);
    }));

  test('an action is pending until it is acknowledged', () =>
    on(async (page, set) => {
      set.state.slow = 400;
      const [first] = await ids(page, 'sort');
      await page.keyboard.press('a');
      await page.locator(`article[data-id="${first}"][data-pending="true"]`, { hasText: 'Envoi au serveur' }).waitFor();
      await enters(page, 'kept', first);
    }));

  test('what a colleague did first is told, and nothing is overwritten', () =>
    on(async (page, set) => {
      const [first] = await ids(page, 'sort');
      // Long enough for the colleague to be first, on a busy machine too.
      set.state.slow = 2500;
      await page.keyboard.press('a');
      await page.waitForSelector(`article[data-id="${first}"][data-pending="true"]`);
      const known = set.worlds.direct.topics.moderation.map.get(`q/${first}`);
      set.worlds.direct.change('moderation', { [`q/${first}`]: { ...known, version: 2, state: 'declined', by: 'Karim', reason: { code: 'duplicate' } } });
      await toast(page, `Question ${first} changée entre-temps par Karim`);
      assert.equal(set.worlds.direct.topics.moderation.map.get(`q/${first}`).state, 'declined');
    }));

  test('the queue is closed and reviewed after by one switch each', () =>
    on(
      async (page, set) => {
        await page.getByRole('switch', { name: 'Questions ouvertes' }).click();
        await toast(page, 'Questions fermées');
        await page.getByRole('button', { name: 'Publier d’abord' }).click();
        await page.waitForFunction(() => document.querySelector('.toast')?.textContent.includes('publiées'));
        assert.deepEqual(sent(set, 'queue').map(({ open, moderation }) => open ?? moderation), [false, 'after']);
      },
      { width: 1600 },
    ));

  test('five hundred waiting: every one is listed and the keys still answer', () =>
    on(async (page, set) => {
      const many = Object.assign({}, ...Array.from({ length: 500 }, (_, index) => question(1000 + index, { asked_at: Date.now() + index })));
      set.worlds.direct.change('moderation', many);
      await page.locator('.fresh').click();
      await page.waitForFunction(() => document.querySelectorAll('.col[data-column="sort"] article').length === 504);
      for (let index = 0; index < 20; index += 1) await page.keyboard.press('j');
      assert.equal(await chosen(page), (await ids(page, 'sort'))[20]);
      await page.keyboard.press('a');
      await toast(page, 'retenue');
    }));
});

test('a phone shows one column, opens the question as a sheet, and closes it', () =>
  on(
    async (page) => {
      await page.getByRole('button', { name: /^Retenues/ }).click();
      await page.waitForFunction(() => [...document.querySelectorAll('.col')].filter((col) => col.offsetParent).length === 1);
      await page.locator('.col[data-column="kept"] article').first().click();
      await page.locator('.drawer').waitFor();
      await page.getByRole('button', { name: /^Fermer la question/ }).click();
      await page.locator('.drawer').waitFor({ state: 'detached' });
    },
    { width: 390, height: 844 },
  ));

for (const [theme, width] of [['light', 1440], ['dark', 1440], ['light', 390], ['dark', 360]]) {
  test(`axe refuses nothing, ${theme} ${width}`, () => on((page) => clean(page, 'moderator'), { theme, width, height: 900 }));
}

test('in English every word is English', () =>
  on(
    async (page) => {
      const words = await page.locator('pl-moderator').innerText();
      assert.match(words, /To sort/);
      assert.doesNotMatch(words, /À trier|Retenir|soutien/);
    },
    { locale: 'en-GB' },
  ));
