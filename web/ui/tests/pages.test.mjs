// States and behaviour of viewer, replay, index and error pages, on the stage set.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { launch, openPage, openRefused, play, rested } from './browser.mjs';
import { stageSet } from './stage-set.mjs';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser;
let set;

before(async () => {
  browser = await launch();
  set = await stageSet();
});
after(async () => {
  await browser?.close();
  await set?.close();
});

const STATES = {
  '/': '.events',
  '/e/avant/': '.count3',
  '/e/direct/': '.q--vote',
  '/e/direct/#programme': '.run',
  '/e/direct/#poser': '.ask__form',
  '/e/vide/': '.empty',
  '/e/apres/': '.over',
  '/e/apres/replay/#t=31': '.go[aria-current]',
  '/e/direct/denied': '.empty',
  '/e/rien/': '.empty',
};

async function open(path, options) {
  const page = await openPage(browser, set.url(path), options);
  if (STATES[path]) await page.waitForSelector(STATES[path]);
  return page;
}

/** Runs `use` on a page of its own and closes it. */
async function on(path, use, options) {
  const page = await open(path, options);
  try {
    return await use(page);
  } finally {
    await page.context().close();
  }
}

const text = (page, selector) => page.locator(selector).first().innerText();
const connected = (page) => page.waitForSelector('.conn[data-state="live"]');

describe('every page, light and dark, phone and desk', () => {
  for (const path of Object.keys(STATES)) {
    for (const [theme, width] of [['light', 390], ['light', 1280], ['dark', 390], ['dark', 1280]]) {
      test(`${path} ${theme} ${width}: nothing that axe refuses, nothing from elsewhere, nothing sideways`, () =>
        on(
          path,
          async (page) => {
            await rested(page);
            await page.evaluate(axeSource);
            const { violations } = await page.evaluate(() =>
              globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
            );
            assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`), []);
            assert.deepEqual(page.foreign, []);
            const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
            assert.ok(scroll <= client, `scrolls sideways: ${scroll} > ${client}`);
            const own = page.errors.filter((error) => !/status of 404/.test(error));
            assert.deepEqual(own, []);
          },
          { theme, width, height: width === 390 ? 844 : 800 },
        ));
    }
  }

  for (const width of [360, 768, 1920]) {
    test(`viewer and replay fit in ${width} px`, async () => {
      for (const path of ['/e/direct/', '/e/avant/', '/e/apres/replay/#t=31']) {
        await on(
          path,
          async (page) => {
            const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
            assert.ok(scroll <= client, `${path}: ${scroll} > ${client}`);
          },
          { width },
        );
      }
    });
  }
});

describe('viewer', () => {
  test('nothing jumps while the page settles', () =>
    on('/e/direct/', async (page) => {
      await connected(page);
      await play(page);
      const shift = await page.evaluate(
        () =>
          new Promise((done) => {
            let sum = 0;
            new PerformanceObserver((all) => {
              for (const entry of all.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
            }).observe({ type: 'layout-shift', buffered: true });
            requestAnimationFrame(() => setTimeout(() => done(sum), 300));
          }),
      );
      assert.ok(shift < 0.1, `cumulative layout shift ${shift}`);
    }));

  test('plays with sound when the browser allows it, shows the live mark and the delay', () =>
    on('/e/direct/', async (page) => {
      await play(page);
      await page.waitForSelector('.player[data-state="live"]');
      assert.match(await page.locator('.live').getAttribute('aria-label'), /En direct, retard de \d+\u00a0s/);
      assert.equal(await page.evaluate(() => document.querySelector('video').muted), false);
    }));

  test('asks to press play when the browser refuses, then plays with sound', async () => {
    const strict = await launch({ args: ['--autoplay-policy=user-gesture-required'] });
    try {
      const page = await openRefused(strict, set.url('/e/direct/'));
      await page.locator('.player__start').click();
      await page.waitForFunction(() => document.querySelector('video').currentTime > 0 && !document.querySelector('video').paused);
      await page.waitForSelector('.player__start', { state: 'detached' });
    } finally {
      await strict.close();
    }
  });

  test('keys of the player: K pauses and plays, J goes back and offers the way to live, M mutes', () =>
    on('/e/direct/', async (page) => {
      await play(page);
      await page.keyboard.press('k');
      await page.waitForFunction(() => document.querySelector('video').paused);
      await page.keyboard.press('k');
      await page.waitForFunction(() => !document.querySelector('video').paused);
      await page.keyboard.press('j');
      await page.locator('.player__golive').click();
      await page.waitForSelector('.live');
      await page.keyboard.press('m');
      await page.waitForFunction(() => document.querySelector('video').muted);
    }));

  test('the quality menu opens, is walked with the arrows, and gives the focus back', () =>
    on('/e/direct/', async (page) => {
      await play(page);
      const gear = page.locator('.player__menu > .btn');
      await gear.click();
      await page.keyboard.press('ArrowDown');
      assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), '540p');
      await page.keyboard.press('Escape');
      await page.waitForSelector('.player__choices', { state: 'detached' });
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-haspopup')), 'true');
    }));

  test('sound only keeps playing without the picture, and comes back', () =>
    on('/e/direct/', async (page) => {
      await play(page);
      await page.locator('.player__menu > .btn').click();
      await page.getByRole('radio', { name: /Audio seul/ }).click();
      await page.waitForSelector('.player__sound');
      await page.waitForFunction(() => document.querySelector('video').videoWidth === 0 && document.querySelector('video').currentTime > 0 && !document.querySelector('video').paused);
      await page.getByRole('button', { name: 'Revenir à l’image' }).click();
      await page.waitForFunction(() => document.querySelector('video').videoWidth > 0);
    }));

  test('a question is shown as sent, then as received with its number', () =>
    on('/e/direct/', async (page) => {
      await connected(page);
      // Long enough to be seen, on a busy machine too.
      set.state.slow = 2500;
      await page.locator('.ask__open').click();
      assert.equal(await page.evaluate(() => document.activeElement.id), 'a-t', 'the text has the focus');
      await page.keyboard.type('Qui paiera les licences ?');
      await page.getByRole('button', { name: 'Envoyer ma question' }).click();
      await page.waitForSelector('.q[data-pending="true"]');
      await page.waitForSelector('.q--mine:has-text("Qui paiera les licences")');
      assert.match(await text(page, '.q--mine:has-text("Qui paiera")'), /Reçue, en cours de lecture/);
      assert.match(await text(page, '.toast'), /Question \d+ reçue/);
      set.state.slow = undefined;
      const sent = set.state.commands.findLast((command) => command.do === 'ask');
      assert.equal(sent.text, 'Qui paiera les licences ?');
    }));

  test('a refused question comes back with its text and the reason', () =>
    on('/e/direct/', async (page) => {
      await connected(page);
      await page.locator('.ask__open').click();
      await page.keyboard.type('Une question qui sera refusée');
      await page.getByRole('button', { name: 'Envoyer ma question' }).click();
      await page.waitForFunction(() => /trop vite/.test(document.querySelector('#a-error')?.textContent ?? ''));
      assert.equal(await page.inputValue('#a-t'), 'Une question qui sera refusée');
    }));

  test('an empty or too long question does not leave', () =>
    on('/e/direct/', async (page) => {
      await connected(page);
      const before = set.state.commands.length;
      await page.locator('.ask__open').click();
      await page.getByRole('button', { name: 'Envoyer ma question' }).click();
      assert.match(await text(page, '#a-error'), /Écrivez d’abord/);
      await page.fill('#a-t', 'é'.repeat(301));
      assert.match(await text(page, '#a-left'), /1 caractère de trop/);
      await page.getByRole('button', { name: 'Envoyer ma question' }).click();
      assert.equal(set.state.commands.length, before);
    }));

  test('Escape closes the ask box and gives the focus back; the draft stays', () =>
    on('/e/direct/', async (page) => {
      await connected(page);
      await page.locator('.ask__open').focus();
      await page.keyboard.press('Enter');
      await page.keyboard.type('Un brouillon');
      await page.keyboard.press('Escape');
      await page.waitForSelector('.ask__open');
      await page.locator('.ask__open').click();
      assert.equal(await page.inputValue('#a-t'), 'Un brouillon');
    }));

  test('a vote counts at once and can be taken back; a refused one is given back with the reason', () =>
    on('/e/direct/', async (page) => {
      await connected(page);
      const vote = page.locator('.q--vote:has-text("cours préparés") .vote');
      const count = Number(await vote.innerText());
      await vote.click();
      assert.equal(await vote.getAttribute('aria-pressed'), 'true');
      assert.equal(Number(await vote.innerText()), count + 1);
      await page.waitForFunction(() => !document.querySelector('.vote[data-pending]'));
      await vote.click();
      await page.waitForFunction((n) => Number([...document.querySelectorAll('.q--vote')].find((q) => q.textContent.includes('cours préparés')).querySelector('.vote').innerText) === n, count);
      const refused = page.locator('.q--vote:has-text("n’ose pas se lancer") .vote');
      await refused.click();
      await page.waitForSelector('.toast');
      assert.match(await text(page, '.toast'), /Votre soutien à la question 44 n’a pas été pris/);
      assert.equal(await refused.getAttribute('aria-pressed'), 'false');
    }));

  test('the question on air appears when the picture reaches it, not before', () =>
    on('/e/vide/', async (page) => {
      await connected(page);
      await play(page);
      await page.waitForSelector('.player[data-state="live"]');
      const at = await page.evaluate(() => document.querySelector('pl-player').playingDate + 2500);
      const question = { id: 7, number: 7, text: 'Une question en son temps', state: 'on_air', votes: 1, asked_at: at };
      set.worlds.vide.change('programme', { air: { question, at } });
      // Read by the page itself at the first frame that shows it: a look from here would come later.
      const shown = await page.waitForFunction(() => document.querySelector('.q[data-state="air"]') && document.querySelector('pl-player').playingDate);
      const seen = await shown.jsonValue();
      assert.ok(seen >= at - 1, `shown ${Math.round(at - seen)} ms early`);
      assert.ok(seen < at + 2500, `shown ${Math.round(seen - at)} ms late`);
      set.worlds.vide.change('programme', { air: { question: null, at: Math.round(seen) + 1500 } });
      await page.waitForSelector('.q[data-state="air"]', { state: 'hidden' });
      assert.ok((await page.evaluate(() => document.querySelector('pl-player').playingDate)) >= seen + 1400, 'taken away early');
    }));

  test('without questions for long it says so, and that the live picture goes on', () =>
    on('/e/muet/', async (page) => {
      await page.waitForSelector('.side .skeleton');
      await page.waitForSelector('.side .banner');
      assert.match(await text(page, '.side .banner'), /Le direct, lui, continue/);
    }));

  test('tabs answer to the arrows', () =>
    on('/e/direct/', async (page) => {
      await page.locator('#tab-q').focus();
      await page.keyboard.press('ArrowRight');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-r');
      assert.equal(await page.locator('[role="tabpanel"]').getAttribute('aria-labelledby'), 'tab-r');
      await page.keyboard.press('End');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-i');
    }));

  test('the language and the theme change at once and are kept', () =>
    on('/e/direct/', async (page) => {
      await page.getByRole('button', { name: /English version/ }).click();
      assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
      await page.waitForSelector('text=Ask a question');
      await page.getByRole('button', { name: 'Change theme' }).click();
      await page.reload();
      await page.waitForSelector('text=Ask a question');
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    }));

  test('English is chosen for an English browser', () =>
    on('/e/avant/', async (page) => assert.match(await page.title(), /^Starts at/), { locale: 'en-GB' }));

  test('embedded, the page is its picture and its panel', () =>
    on('/e/direct/?embed', async (page) => {
      await page.waitForSelector('.player');
      assert.equal(await page.locator('.top').isVisible(), false);
    }));
});

describe('a lost line', () => {
  test('says offline, keeps the question typed meanwhile, sends it once when back, and the picture goes on', () =>
    on('/e/direct/', async (page) => {
      await connected(page);
      await play(page);
      set.leave();
      await page.waitForSelector('.conn[data-state="offline"]');
      await page.waitForFunction(() => /Hors ligne depuis/.test(document.querySelector('.conn').textContent));
      await page.locator('.ask__open').click();
      await page.keyboard.type('Écrite sans réseau');
      await page.getByRole('button', { name: 'Envoyer ma question' }).click();
      assert.match(await text(page, '.q[data-pending="true"]'), /Gardée sur cet appareil/);
      await page.waitForSelector('.player[data-state="offline"]', { timeout: 30_000 });
      assert.match(await text(page, '.player__say'), /Image arrêtée/);
      set.worlds.direct.change('public', { 'q/90': { id: 90, number: 90, text: 'Arrivée pendant la coupure', state: 'approved', votes: 0, asked_at: Date.now() } });
      set.back();
      await connected(page);
      await page.waitForSelector('.q--mine:has-text("Écrite sans réseau")');
      await page.waitForSelector('.q--vote:has-text("Arrivée pendant la coupure")');
      const stopped = await page.evaluate(() => document.querySelector('pl-player').playingDate ?? 0);
      await page.waitForFunction((then) => document.querySelector('pl-player').playingDate > then + 1000, stopped, { timeout: 30_000 });
      await page.waitForSelector('.player[data-state="live"]', { timeout: 30_000 });
      const asks = set.state.commands.filter((command) => command.text === 'Écrite sans réseau');
      assert.equal(asks.length, 1);
    }));

  test('a hole in a topic is filled by asking again', () =>
    on('/e/direct/', async (page) => {
      await connected(page);
      const { public: topic } = set.worlds.direct.topics;
      // One change is lost on its way; the next one shows the hole.
      const q = { id: 91, number: 91, text: 'Perdue en route', state: 'approved', votes: 0, asked_at: Date.now() };
      topic.map.set('q/91', q);
      topic.offset += 1;
      set.worlds.direct.log.public.push({ topic: 'public', epoch: 'e1', offset: topic.offset, set: { 'q/91': q } });
      set.worlds.direct.change('public', { 'q/92': { ...q, id: 92, number: 92, text: 'Arrivée après' } });
      await page.waitForSelector('.q--vote:has-text("Perdue en route")');
      await page.waitForSelector('.q--vote:has-text("Arrivée après")');
      await connected(page);
    }));
});

describe('replay', () => {
  const position = (page) => page.evaluate(() => document.querySelector('video').currentTime);

  test('opens where the address says, and a chapter jumps there', () =>
    on('/e/apres/replay/#q=42', async (page) => {
      await page.waitForFunction(() => Math.abs(document.querySelector('video')?.currentTime - 24) < 1);
      await page.locator('.go:has-text("Qui formera")').click();
      await page.waitForFunction(() => Math.abs(document.querySelector('video').currentTime - 36) < 2);
      assert.match(await text(page, '.go[aria-current="true"]'), /Qui formera/);
      assert.equal(await text(page, 'h1'), 'Travailler ensemble, autrement');
      assert.ok((await position(page)) >= 35.5);
    }));

  test('search finds without accents, marks, and says when nothing matches', () =>
    on('/e/apres/replay/#t=31', async (page) => {
      await page.fill('#s', 'acces');
      await page.waitForFunction(() => document.querySelectorAll('.go').length === 2);
      assert.equal(await text(page, '.go mark'), 'accès');
      await page.fill('#s', 'girafe');
      assert.match(await text(page, '.side .empty'), /Rien ne correspond/);
    }));

  test('the address to share says the time', () =>
    on('/e/apres/replay/#t=31', async (page) => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: /Partager à/ }).click();
      await page.waitForSelector('.toast');
      assert.match(await page.evaluate(() => navigator.clipboard.readText()), /\/e\/apres\/replay\/#t=31$/);
    }));

  test('a recording that grows says so', async () => {
    set.state.growing = true;
    await on('/e/direct/replay/', async (page) => {
      await page.waitForSelector('.banner');
      assert.match(await text(page, '.banner'), /L’enregistrement continue/);
    });
    set.state.growing = false;
  });
});

describe('links that do not open', () => {
  test('a wrong key says what to do, and the key is not left in the address', () =>
    on('/e/direct/moderate#key=wrong', async (page) => {
      await page.waitForSelector('.plainpage .empty');
      assert.match(await text(page, '.plainpage'), /Ce lien n’ouvre pas la modération[\s\S]*Demandez-en un nouveau/);
      assert.ok(!page.url().includes('key'));
    }));

  test('a missing key says that it is missing', () =>
    on('/e/direct/moderate', async (page) => {
      await page.waitForSelector('.plainpage .empty');
      assert.match(await text(page, '.plainpage'), /personnel, qui porte une clé/);
    }));
});
