// The page held on stage: the question, the next two, all of them, the time, the message until it is seen, a lost network.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { clean, desk } from './desk.mjs';
import { stageSet } from './stage-set.mjs';

const PATH = '/e/direct/stage#key=stage';
const MIN = 60_000;
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const on = (use, options) => desk(browser, stageSet, PATH, '.now blockquote', use, options);
const message = (id, text, more = {}) => ({ message: { id, text, from: 'Régie', at: Date.now(), seen: false, ...more } });
const sent = (set, name) => set.state.commands.filter((command) => command.do === name);

async function until(ask) {
  const late = Date.now() + 30_000;
  while (Date.now() < late) {
    const found = await ask();
    if (found) return found;
    await new Promise((next) => setTimeout(next, 20));
  }
  throw new Error(`never came true: ${ask}`);
}

describe('questions', () => {
  test('the one on air is big, with who asks; the next two follow in order, with who is to answer', () =>
    on(async (page, set) => {
      assert.match(await page.locator('.now').innerText(), /Comment travailler ensemble[\s\S]*Inès, élève, Troyes$/);
      const size = await page.$eval('.now blockquote', (quote) => parseFloat(getComputedStyle(quote).fontSize));
      assert.ok(size >= 27 && size <= 36, `${size} px`);
      const next = page.locator('.next li');
      assert.equal(await next.count(), 2);
      assert.match(await next.nth(0).innerText(), /déborde[\s\S]*48, Samira, parent, Mulhouse\. Pour Claire Weber, Strasbourg/);
      assert.match(await next.nth(1).innerText(), /51, Julien, professeur, Reims\. Pour Mulhouse/);
      const known = set.worlds.direct.topics.stage.map;
      set.worlds.direct.change('stage', { 'q/48': { ...known.get('q/48'), state: 'on_air', rank: undefined } }, ['q/42']);
      await page.locator('.now blockquote', { hasText: 'déborde' }).waitFor();
      const second = page.locator('.next li').nth(1);
      await second.getByText('55, Salle de Strasbourg. Pour Nancy').waitFor();
      set.worlds.direct.change('stage', { 'q/55': { ...known.get('q/55'), name: 'Salle de Strasbourg', text: 'Sous son propre nom' } });
      await second.getByText('Sous son propre nom').waitFor();
      assert.match(await second.innerText(), /55, Salle de Strasbourg\. Pour Nancy$/);
    }));

  test('all accepted ones are reachable: by the run sheet, by votes, by a search without accents', () =>
    on(async (page) => {
      const numbers = () => page.$$eval('.all li .num:first-child', (all) => all.map((one) => Number(one.textContent)));
      await page.getByText('Toutes les questions retenues').click();
      assert.deepEqual(await numbers(), [48, 51, 55, 53, 44, 46, 50]);
      await page.getByRole('button', { name: 'Soutiens' }).click();
      assert.deepEqual(await numbers(), [48, 51, 53, 44, 46, 50, 55]);
      const search = page.getByRole('searchbox');
      await search.fill('ecole reseau');
      assert.deepEqual(await numbers(), [50]);
      await search.fill('53');
      assert.deepEqual(await numbers(), [53]);
      await search.fill('girafe');
      await page.getByText('Rien ne correspond à').waitFor();
    }));

  test('with no stage list, the most wanted ones; with nothing at all, what will come', () =>
    on(async (page, set) => {
      const { map } = set.worlds.direct.topics.stage;
      set.worlds.direct.change('stage', {}, ['q/42', 'q/48', 'q/51', 'q/55']);
      await page.getByRole('heading', { name: 'Retenues, pas encore au conducteur' }).waitFor();
      assert.match(await page.locator('.next li').first().innerText(), /comptes? et une adresse|53/);
      set.worlds.direct.change('stage', {}, [...map.keys()].filter((key) => key.startsWith('q/')));
      await page.getByText('La question s’affichera ici').waitFor();
      await page.getByText('Aucune autre question n’attend').waitFor();
      assert.equal(await page.locator('.all').count(), 0);
      await clean(page, 'stage-empty');
    }));

  test('whoever was called or speaks is named, the speaker first', () =>
    on(async (page, set) => {
      const hand = (hand, state, more) => ({ [`hand/${hand}`]: { hand, state, asker: 'a', version: 2, at: Date.now() - hand, ...more } });
      set.worlds.direct.change('stage', { ...hand(1, 'called', { name: 'Léo', public: 'eleve' }), ...hand(2, 'speaking', { name: 'Aïcha', site: 'metz', about: 'Le prêt des tablettes' }) });
      await page.locator('.speakers li').nth(1).waitFor();
      assert.match(await page.locator('.speakers').innerText(), /Aïcha, Metz\s+A la parole\s+Le prêt des tablettes\s+Léo, élève\s+Appelée/);
      await clean(page, 'stage-hands');
      set.worlds.direct.change('stage', { ...hand(1, 'done'), ...hand(2, 'done') });
      await page.locator('.speakers').waitFor({ state: 'detached' });
    }));
});

describe('the director’s message', () => {
  test('covers half the screen until it is seen', () =>
    on(async (page, set) => {
      set.worlds.direct.change('stage', message(1, 'Concluez en une minute.'));
      const note = page.locator('.note');
      await note.waitFor();
      const box = await note.boundingBox();
      assert.ok(box.height >= page.viewportSize().height / 2 - 1);
      await page.waitForFunction(() => document.activeElement?.textContent.trim() === 'Vu');
      await clean(page, 'stage-message');
      await page.keyboard.press('Enter');
      await note.waitFor({ state: 'detached' });
      await page.locator('.said', { hasText: 'Concluez' }).waitFor();
      assert.equal(sent(set, 'seen').at(-1).message, 1);
    }));

  test('a server that begins its numbers again is believed', () =>
    on(async (page, set) => {
      set.worlds.direct.change('stage', message(1, 'La première.'));
      await page.getByRole('button', { name: 'Vu' }).click();
      await page.locator('.note').waitFor({ state: 'detached' });
      set.worlds.direct.change('stage', message(1, 'Une autre, du même numéro.', { at: Date.now() + 5 }));
      await page.locator('.note', { hasText: 'Une autre' }).waitFor();
    }));

  for (const [theme, width] of [['dark', 390], ['light', 390], ['dark', 360]]) {
    test(`is clean and hides nothing for good, ${theme} ${width}`, () =>
      on(
        async (page, set) => {
          set.worlds.direct.change('stage', message(3, 'Concluez en une minute, puis donnez la parole à Mulhouse.'));
          await page.locator('.note').waitFor();
          await clean(page, 'stage-message');
          // The last question can be scrolled above the message.
          await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
          const [list, note] = [await page.locator('.queue').boundingBox(), await page.locator('.note').boundingBox()];
          assert.ok(list.y + list.height <= note.y, `${list.y + list.height} under ${note.y}`);
        },
        { theme, width, height: 844 },
      ));
  }
});

describe('without network', () => {
  test('the last list stays, says so, and "seen" is delivered afterwards', () =>
    on(async (page, set) => {
      set.worlds.direct.change('stage', message(2, 'Deux minutes.'));
      await page.locator('.note').waitFor();
      set.leave();
      await page.getByText('voici la dernière liste').waitFor();
      assert.match(await page.locator('.now').innerText(), /Comment travailler ensemble/);
      await page.getByRole('button', { name: 'Vu' }).click();
      await page.locator('.note').waitFor({ state: 'detached' });
      assert.equal(set.state.commands.length, 0);
      set.back();
      await page.waitForSelector('.conn[data-state="live"]');
      await until(() => sent(set, 'seen').length > 0);
      assert.equal(sent(set, 'seen')[0].message, 2);
      await page.getByText('voici la dernière liste').waitFor({ state: 'detached' });
    }));

  test('the page loaded again shows what it knew, with its time; a "seen" lost with the page leaves later', () =>
    on(async (page, set) => {
      set.worlds.direct.change('stage', { ...message(4, 'Trois minutes.'), countdown: { ends_at: Date.now() + 8 * MIN, minutes: 20, label: 'Temps de parole' } });
      await page.locator('.note').waitFor();
      set.leave();
      await page.waitForSelector('.conn[data-state="offline"]');
      await page.getByRole('button', { name: 'Vu' }).click();
      await page.locator('.note').waitFor({ state: 'detached' });
      // As the phone does it: the page comes from its cache, nothing else answers.
      await page.route('**/event.json', (route) => route.abort());
      await page.reload();
      await page.getByText(/voici la dernière liste, de \d\d:\d\d/).waitFor();
      assert.match(await page.locator('.now').innerText(), /Comment travailler ensemble/);
      assert.match(await page.locator('.next').innerText(), /déborde/);
      assert.match(await page.locator('.clock--xl').innerText(), /^[78]:\d\d$/);
      assert.equal(await page.locator('.note').count(), 0);
      await clean(page, 'stage-offline');
      await page.unroute('**/event.json');
      set.back();
      await page.waitForSelector('.conn[data-state="live"]');
      assert.equal((await until(() => sent(set, 'seen')[0])).message, 4);
      await page.getByText('voici la dernière liste').waitFor({ state: 'detached' });
    }));

  test('a link taken back shows nothing of what it opened', () =>
    on(async (page, set) => {
      await page.evaluate(() => sessionStorage.setItem('pl-key/direct/stage', 'wrong'));
      await page.reload();
      await page.getByText('Ce lien n’ouvre pas la page du plateau').waitFor();
      assert.equal(await page.evaluate(() => sessionStorage.getItem('pl-stage/direct')), null);
    }));
});

describe('time', () => {
  test('the countdown runs with its marks, and gives way to the end of the session', () =>
    on(async (page, set) => {
      set.worlds.direct.change('stage', { countdown: { ends_at: Date.now() + 8 * MIN, minutes: 20, label: 'Temps de parole' } });
      await page.locator('.time', { hasText: 'Temps de parole' }).waitFor();
      assert.equal(await page.locator('.marks b').count(), 3);
      assert.match(await page.locator('.clock--xl').innerText(), /^[78]:\d\d$/);
      set.worlds.direct.change('stage', {}, ['countdown']);
      await page.locator('.time', { hasText: 'Travailler ensemble, autrement' }).waitFor();
    }));

  test('each mark is said as it is passed, and the overrun in words', () =>
    on(
      async (page, set) => {
        const left = (ms) => set.worlds.direct.change('stage', { countdown: { ends_at: Date.now() + ms, minutes: 20, label: '' } });
        const said = page.locator('.time [role="status"]');
        for (const [ms, words] of [[10, 'Il reste 10\u00a0min.'], [5, 'Il reste 5\u00a0min.'], [1, 'Il reste 1\u00a0min.']]) {
          left(ms * MIN - 1000);
          await said.getByText(words).waitFor({ state: 'attached' });
        }
        left(-2.5 * MIN);
        await said.getByText('Le temps est écoulé.').waitFor({ state: 'attached' });
        await page.getByText('Dépassé de 3\u00a0min').waitFor();
        assert.match(await page.locator('.clock--xl').innerText(), /^\+2:\d\d$/);
        await clean(page, 'stage-over');
      },
      { width: 390, height: 844 },
    ));
});

describe('the screen', () => {
  /** A page whose browser answers `hold` when asked to keep the screen on. */
  async function held(hold, use) {
    const set = await stageSet();
    const page = await openPage(browser, 'about:blank', { width: 390, height: 844 });
    try {
      await page.addInitScript(hold);
      await page.goto(set.url(PATH));
      await page.waitForSelector('.now blockquote');
      await use(page);
    } finally {
      await page.context().close();
      await set.close();
    }
  }

  test('stays on, and is asked for again when the page comes back into sight', () =>
    held(
      () => Object.defineProperty(navigator, 'wakeLock', { value: { request: async (kind) => (globalThis.asked = (globalThis.asked ?? 0) + (kind === 'screen')) } }),
      async (page) => {
        await page.waitForFunction(() => globalThis.asked === 1);
        await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
        await page.waitForFunction(() => globalThis.asked === 2);
        assert.equal(await page.getByText('laisse l’écran s’éteindre').count(), 0);
      },
    ));

  test('that will go dark is said', () =>
    held(
      () => Object.defineProperty(navigator, 'wakeLock', { value: undefined }),
      (page) => page.getByText('laisse l’écran s’éteindre').waitFor(),
    ));
});

test('everything is in English too', () =>
  on(
    async (page) => {
      await page.locator('.next').getByText('For Claire Weber').waitFor();
      await page.getByText('All accepted questions').click();
      await page.getByRole('button', { name: 'Votes' }).waitFor();
      assert.doesNotMatch(await page.locator('.chair').innerText(), /Pour|soutien|Ensuite/);
    },
    { locale: 'en-GB' },
  ));

test('nothing jumps while the page settles', () =>
  on(async (page) => {
    const shift = await page.evaluate(
      () =>
        new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((all) => {
            for (const entry of all.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
          }).observe({ type: 'layout-shift', buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
        }),
    );
    assert.ok(shift < 0.1, `cumulative layout shift ${shift}`);
  }));

for (const [theme, width] of [['light', 1440], ['dark', 1440], ['light', 390], ['dark', 360], ['light', 1920], ['dark', 720]]) {
  test(`axe refuses nothing, ${theme} ${width}`, () => on((page) => clean(page, 'stage'), { theme, width, height: 844 }));
}
