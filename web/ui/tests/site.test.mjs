// A room's page on the stage set with Chromium's fake camera: first visit, takeover, tally, stand-by, questions, losses.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { clean } from './desk.mjs';
import { mediaLoop } from './media-loop.mjs';
import { stageSet } from './stage-set.mjs';

const PATH = '/e/direct/site/strasbourg#key=site';
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** A room's page. `visited` skips the first visit; `taken` has somebody else in the seat. */
async function room(use, { visited = true, taken = false, setup, ...options } = {}) {
  const set = await stageSet();
  const page = await openPage(browser, 'about:blank', { width: 1440, height: 900, ...options });
  try {
    const loop = await mediaLoop(page.context(), { taken });
    if (visited) await page.addInitScript(() => localStorage.setItem('pl-site-ready/direct/strasbourg', 'yes'));
    if (setup) await page.addInitScript(setup);
    await page.goto(set.url(PATH));
    await page.waitForSelector('#contenu');
    await use(page, set, loop);
  } finally {
    await page.context().unrouteAll({ behavior: 'ignoreErrors' });
    await page.context().close();
    await set.close();
  }
}
const told = (set, name) => until(() => set.state.commands.findLast((command) => command.do === name));
const published = (page) => page.getByText('Image et son envoyés').waitFor();
const peer = (page, name, use) => page.evaluate(([key, body]) => new Function('peer', body)(globalThis.__loop[key]), [name, use]);

async function until(ask) {
  const late = Date.now() + 30_000;
  while (Date.now() < late) {
    const found = await ask();
    if (found) return found;
    await new Promise((next) => setTimeout(next, 20));
  }
  throw new Error(`never came true: ${ask}`);
}

describe('first visit', () => {
  test('three steps: devices, a line test that really sends, ready', () =>
    room(
      async (page, _set, loop) => {
        await page.getByRole('heading', { name: /Que voit-on/ }).waitFor();
        await page.waitForFunction(() => document.querySelector('video.own, .own video')?.videoWidth > 0);
        await page.getByText('Nous vous entendons bien').waitFor();
        await page.getByRole('button', { name: 'Continuer' }).click();
        await page.getByText('La régie vous reçoit').waitFor();
        const posts = loop.seen.filter((one) => one.kind === 'whip');
        assert.equal(posts[0].authorization, 'Bearer site');
        assert.match(posts[0].offer, /H264\/90000/);
        assert.doesNotMatch(posts[0].offer, /VP8/);
        await page.getByText('Ligne régulière').waitFor();
        await page.getByRole('button', { name: 'Continuer' }).click();
        await page.getByRole('button', { name: 'Nous sommes prêts' }).click();
        await page.getByRole('heading', { name: 'Votre image' }).waitFor();
        await published(page);
        await clean(page, 'site-room');
      },
      { visited: false },
    ));

  test('the first step is clean, on a phone as well', async () => {
    for (const width of [1440, 390]) {
      await room(
        async (page) => {
          await page.getByText('Nous vous entendons bien').waitFor();
          await clean(page, 'site-first');
        },
        { visited: false, width, height: 844 },
      );
    }
  });

  test('a browser without H.264 is told so, and what to do', () =>
    room(
      async (page) => {
        await page.getByText('Ce navigateur n’envoie pas de vidéo H.264').waitFor();
        assert.equal(await page.getByRole('button', { name: 'Continuer' }).isDisabled(), true);
      },
      {
        visited: false,
        setup: () => {
          const real = RTCRtpSender.getCapabilities.bind(RTCRtpSender);
          RTCRtpSender.getCapabilities = (kind) => ({ ...real(kind), codecs: real(kind).codecs.filter((codec) => !/h264/i.test(codec.mimeType)) });
        },
      },
    ));

  test('an address without https is told so, with the way through an encoder', () =>
    room(
      async (page) => {
        await page.getByText('Il faut une adresse en https').waitFor();
        await page.getByRole('button', { name: 'Brancher OBS ou un encodeur' }).click();
        await page.locator('.copy code', { hasText: '/e/direct/whip/strasbourg' }).waitFor();
        await page.locator('.copy code', { hasText: /^site$/ }).waitFor();
      },
      { visited: false, setup: () => Object.defineProperty(window, 'isSecureContext', { value: false }) },
    ));
});

describe('the seat', () => {
  test('an occupied seat is said before it is taken, and taken only on request', () =>
    room(
      async (page, _set, loop) => {
        await page.getByText('La place de Strasbourg est occupée').waitFor();
        assert.equal(loop.seen.filter((one) => one.kind === 'whip').length, 1);
        await page.getByRole('button', { name: 'Prendre la place' }).click();
        await published(page);
        assert.deepEqual(loop.seen.filter((one) => one.kind === 'whip').map((one) => one.takeover), [false, true]);
      },
      { taken: true },
    ));

  test('a lost line comes back by itself', () =>
    room(async (page, _set, loop) => {
      await published(page);
      await peer(page, 'whip/strasbourg', 'peer.close()');
      await until(() => loop.seen.filter((one) => one.kind === 'whip' && one.method === 'POST').length > 1);
      await published(page);
    }));

  test('stopping ends the session on the server, sending starts it again', () =>
    room(async (page, _set, loop) => {
      await published(page);
      await page.getByRole('button', { name: 'Arrêter l’envoi' }).click();
      await until(() => loop.seen.some((one) => one.kind === 'whip' && one.method === 'DELETE'));
      await page.getByRole('button', { name: 'Envoyer notre image' }).click();
      await published(page);
    }));
});

describe('am I on air?', () => {
  test('off, stand-by with an acknowledgement, on air', () =>
    room(async (page, set) => {
      const tally = (state, more = {}) => set.worlds.direct.change('site/strasbourg', { tally: { state, since: Date.now() }, ...more });
      tally('off');
      await page.locator('.tally', { hasText: 'Hors antenne' }).waitFor();
      tally('standby', { standby: { asked_at: Date.now() } });
      await page.getByRole('button', { name: 'Nous sommes prêts' }).click();
      await told(set, 'ready');
      tally('standby', { standby: { asked_at: Date.now(), ready_at: Date.now() } });
      await page.locator('.tally', { hasText: 'La régie le sait' }).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Nous sommes prêts' }).count(), 0);
      tally('air');
      await page.locator('.tally[data-is="air"]', { hasText: 'À L’ANTENNE' }).waitFor();
    }));

  test('an order of the director stays until it is seen', () =>
    room(async (page, set) => {
      set.worlds.direct.change('site/strasbourg', { message: { id: 'm7', text: 'Encore trois minutes', at: Date.now(), seen: false } });
      await page.locator('.order', { hasText: 'Encore trois minutes' }).getByRole('button', { name: 'Vu' }).click();
      assert.equal((await told(set, 'seen')).message, 'm7');
      await page.locator('.order').waitFor({ state: 'detached' });
    }));

  test('a closed microphone is said, and the return is heard and seen', () =>
    room(async (page) => {
      await published(page);
      await page.waitForFunction(() => document.querySelectorAll('.sideview')[1].querySelector('video')?.videoWidth > 0);
      assert.equal(await page.$eval('.sideview:nth-of-type(2) video', (video) => video.muted), false);
      await page.locator('.sideview').first().getByRole('button', { name: 'Couper' }).click();
      await page.getByText('Votre micro est coupé ici').waitFor();
    }));
});

test('the room’s questions join the queue and are kept through a cut', () =>
  room(async (page, set) => {
    await page.waitForSelector('.conn[data-state="live"]');
    set.leave();
    await page.waitForSelector('.conn[data-state="offline"]');
    await page.fill('#s-ask', 'Qui formera les assistants d’éducation ?');
    await page.selectOption('#s-public', 'professeur');
    await page.getByRole('button', { name: 'Envoyer', exact: true }).click();
    await page.locator('article[data-pending="true"]', { hasText: 'Qui formera' }).waitFor();
    set.back();
    const ask = await told(set, 'ask');
    assert.deepEqual([ask.public, ask.name], ['professeur', 'Salle de Strasbourg']);
    await page.locator('.panels article:not([data-pending])', { hasText: 'Qui formera' }).waitFor();
  }));

for (const [theme, width] of [['dark', 390], ['dark', 360], ['light', 1440]]) {
  test(`axe refuses nothing, ${theme} ${width}`, () =>
    room(
      async (page) => {
        await published(page);
        if (theme === 'light') await page.getByRole('button', { name: 'Changer de thème' }).click();
        await clean(page, 'site');
      },
      { width, height: 844 },
    ));
}
