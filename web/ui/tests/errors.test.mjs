// What pages say when something is missing: links, addresses, networks, browsers. What happened, what is not lost, what to do.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { clean } from './desk.mjs';
import { stageSet } from './stage-set.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** A page of its own on a set of its own; `before` may change both before the page opens. */
async function on(path, use, { before: prepare, ...options } = {}) {
  const set = await stageSet();
  const page = await openPage(browser, 'about:blank', options);
  try {
    await prepare?.(set, page);
    await page.goto(set.url(path));
    await use(page, set);
  } finally {
    await page.context().close();
    await set.close();
  }
}

/** A key as far as a page can read it. */
const key = (claims) => `${Buffer.from(JSON.stringify({ v: 1, event: 'direct', role: 'moderator', ...claims })).toString('base64url')}.c2ln`;
const said = async (page, words) => {
  await page.locator('.plainpage', { hasText: words }).waitFor();
  assert.doesNotMatch(await page.locator('.plainpage').innerText(), /key_|40[0-9]|undefined/, 'never a code alone');
};
/** Presses "Réessayer", unless the page was quicker by itself; comes back once `place` is there. */
async function retried(page, place) {
  const there = page.locator(place).first().waitFor();
  const pressed = page.getByRole('button', { name: 'Réessayer' }).click().catch(() => undefined);
  await Promise.race([there, pressed]);
  await there;
}
const LOOKS = [['light', 1280], ['dark', 390], ['light', 360]];

describe('links', () => {
  for (const [where, path] of [['la modération', 'moderate'], ['la régie', 'direct'], ['la page de la salle', 'site/strasbourg'], ['la page du plateau', 'stage']]) {
    test(`a wrong one does not open ${where}, and is not left in the address`, () =>
      on(`/e/direct/${path}#key=wrong`, async (page) => {
        await said(page, `Ce lien n’ouvre pas ${where}`);
        await said(page, 'coupé en le copiant');
        assert.ok(!page.url().includes('key'));
        await page.getByRole('link', { name: 'Suivre le direct' }).waitFor();
      }));
  }

  test('an expired one says since when', () =>
    on(`/e/direct/moderate#key=${key({ exp: Date.UTC(2020, 9, 12, 12) / 1000 })}`, (page) => said(page, 'Il n’est plus valable depuis le 12 octobre 2020. Demandez-en un nouveau'), {
      before: (set) => (set.state.refuse = ['key_expired', 'this key has expired: ask the organiser for a new link']),
    }));

  for (const [name, words] of [['expired', 'Il n’est plus valable'], ['revoked', 'L’organisateur l’a retiré']]) {
    test(`one that is ${name} says so`, () => on(`/e/direct/stage#key=${name}`, (page) => said(page, words)));
  }

  test('one taken back while the page is open closes it, in words', () =>
    on('/e/direct/moderate#key=moderator', async (page, set) => {
      await page.waitForSelector('.conn[data-state="live"]');
      set.refuse('wrong_key', 'this key was revoked or has expired; ask the organiser for a new link');
      await said(page, 'Il vient d’expirer, ou l’organisateur l’a retiré');
    }));

  test('a missing one says that it is missing', () => on('/e/direct/direct', (page) => said(page, 'Cette page s’ouvre avec un lien personnel')));

  for (const [theme, width] of LOOKS) {
    test(`what is said is clean, ${theme} ${width}`, () =>
      on(
        '/e/direct/moderate#key=revoked',
        async (page) => {
          await said(page, 'retiré');
          await clean(page, 'error-link');
        },
        { theme, width, height: 700 },
      ));
  }
});

test('nothing at an address: of an event, and of anything else', async () => {
  for (const path of ['/e/rien/', '/e/rien/moderate', '/nimporte']) {
    await on(path, async (page) => {
      await said(page, 'Il n’y a rien à cette adresse');
      await clean(page, 'error-notfound');
      await page.getByRole('link', { name: 'Voir les événements' }).waitFor();
    });
  }
});

describe('nobody answers', () => {
  const dead = (_set, page) => page.route('**/event.json', (route) => route.abort());

  for (const [theme, width] of LOOKS) {
    test(`the page says so and comes back by itself, ${theme} ${width}`, () =>
      on(
        '/e/direct/stage#key=stage',
        async (page) => {
          await said(page, 'Le serveur ne répond pas');
          await clean(page, 'error-away');
          await page.unroute('**/event.json');
          await retried(page, '.now blockquote');
        },
        { before: dead, theme, width, height: 700 },
      ));
  }

  test('without network at all it is the device that is named', () =>
    on('/e/direct/stage#key=stage', (page) => said(page, 'Cet appareil n’est plus relié'), {
      before: async (set, page) => {
        await dead(set, page);
        await page.addInitScript(() => Object.defineProperty(navigator, 'onLine', { value: false }));
      },
    }));

  test('a page whose line never came says that it waits, and shows nothing as true', () =>
    on(
      '/e/direct/stage#key=stage',
      async (page, set) => {
        await page.getByText('Les questions tardent à venir').waitFor();
        await clean(page, 'error-slow');
        set.back();
        await page.locator('.now blockquote').waitFor();
        assert.equal(await page.getByText('Les questions tardent').count(), 0);
      },
      { before: (set) => set.leave() },
    ));

  test('the control room says that what it shows is the past', () =>
    on('/e/direct/direct#key=director', async (page, set) => {
      await page.locator('.tile').first().waitFor();
      set.leave();
      await page.locator('.health', { hasText: 'd’avant la coupure' }).waitFor();
      await clean(page, 'error-director');
    }));
});

describe('too many connections', () => {
  for (const [status, words] of [[503, 'Le serveur est complet'], [429, 'Trop de pages ouvertes d’ici']]) {
    test(`${status}: said in words, and the page comes in once there is room`, () =>
      on(
        '/e/direct/stage#key=stage',
        async (page, set) => {
          await said(page, words);
          await clean(page, `error-${status}`);
          set.state.full = undefined;
          await retried(page, '.now blockquote');
        },
        { before: (set) => (set.state.full = { title: 'Full', status, code: 'full' }) },
      ));
  }
});

describe('the page itself', () => {
  test('in a browser too old for it says which ones do', () =>
    on(
      '/e/direct/',
      async (page) => {
        await said(page, 'Ce navigateur est trop ancien');
        assert.equal(await page.locator('video').count(), 0, 'nothing half alive beside it');
        await clean(page, 'error-old');
      },
      { before: (_set, page) => page.addInitScript(() => delete Array.prototype.findLast) },
    ));

  test('of which a part did not arrive says so, in the visitor’s language, and can be loaded again', () =>
    on(
      '/e/direct/',
      async (page) => {
        await page.locator('.plainpage', { hasText: 'The page did not load' }).waitFor();
        await page.unroute('**/assets/chunk-*');
        await page.getByRole('button', { name: 'Load the page again' }).click();
        await page.waitForSelector('.conn[data-state="live"]');
      },
      { locale: 'en-GB', before: (_set, page) => page.route('**/assets/chunk-*', (route) => route.abort()) },
    ));
});

test('the list of events says when it is empty, and when it does not come', () =>
  on('/', async (page) => {
    await page.locator('.events').waitFor();
    await page.route('**/events.json', (route) => route.fulfill({ json: [] }));
    await page.reload();
    await page.getByText('Aucun événement ici').waitFor();
    await clean(page, 'error-no-events');
    await page.route('**/events.json', (route) => route.abort());
    await page.reload();
    await page.getByText('La liste tarde à venir').waitFor();
    await page.unroute('**/events.json');
    await retried(page, '.events');
  }));
