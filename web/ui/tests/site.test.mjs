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
      await page.locator('.tally', { hasText: /Hors antenne[^]*Prochain passage prévu à \d\d:\d\d/ }).waitFor();
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

describe('the room’s questions', () => {
  const sent = (set, name) => set.state.commands.filter((command) => command.do === name);
  const line = (page, words) => page.locator('.panels article:not([data-pending])', { hasText: words });
  const own = (set, id, more) => set.worlds.direct.change('mine', { [`q/${id}`]: { id, number: id, text: `Question ${id} de la salle`, votes: 0, asked_at: Date.now(), state: 'received', ...more } });
  const live = (page) => page.waitForSelector('.conn[data-state="live"]');

  test('leave one after the other with Enter; name and public are those of the person, the room’s own otherwise', () =>
    room(async (page, set) => {
      await live(page);
      await page.locator('#s-ask').click();
      await page.keyboard.type('Qui formera les assistants ?');
      await page.keyboard.press('Shift+Enter');
      await page.keyboard.type('Et quand ?');
      await page.fill('#s-name', 'Mme Keller');
      await page.selectOption('#s-public', 'agent');
      await page.locator('#s-ask').press('Enter');
      await line(page, 'Qui formera').waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.id), 's-ask', 'the next one can be typed at once');
      assert.deepEqual([await page.inputValue('#s-ask'), await page.inputValue('#s-name'), await page.inputValue('#s-public')], ['', '', 'agent']);
      await page.keyboard.type('La deuxième');
      await page.keyboard.press('Enter');
      await line(page, 'La deuxième').waitFor();
      const [first, second] = sent(set, 'ask');
      assert.deepEqual([first.text, first.name, first.show_name, first.public], ['Qui formera les assistants ?\nEt quand ?', 'Mme Keller', true, 'agent']);
      assert.deepEqual([second.name, second.public], ['Salle de Strasbourg', 'agent']);
    }));

  test('are kept through a cut, which is said; a draft is kept over a reload', () =>
    room(async (page, set) => {
      await live(page);
      set.leave();
      await page.waitForSelector('.conn[data-state="offline"]');
      await page.getByText('partiront dès le retour du réseau').waitFor();
      await page.fill('#s-ask', 'Qui formera les assistants d’éducation ?');
      await page.selectOption('#s-public', 'professeur');
      await page.getByRole('button', { name: 'Envoyer', exact: true }).click();
      await page.locator('article[data-pending="true"]', { hasText: 'Gardée ici' }).waitFor();
      await page.fill('#s-ask', 'Une autre, pas finie');
      await page.reload();
      await page.locator('article[data-pending="true"]', { hasText: 'Qui formera' }).waitFor();
      assert.equal(await page.inputValue('#s-ask'), 'Une autre, pas finie');
      set.back();
      assert.equal((await told(set, 'ask')).public, 'professeur');
      await line(page, 'Qui formera').waitFor();
      assert.equal(sent(set, 'ask').length, 1);
    }));

  test('say what became of them and why', () =>
    room(async (page, set) => {
      await live(page);
      own(set, 70, { state: 'staged', rank: 2 });
      own(set, 71, { state: 'declined', reason: { code: 'duplicate', see: 46 } });
      own(set, 72, { state: 'merged', into: { id: 46, text: 'Combien d’applications ?', state: 'approved' } });
      own(set, 73, { state: 'deferred', deferred_to: 'le rectorat' });
      own(set, 74, { state: 'answered', answered_at: Date.now(), written: 'Oui, dès janvier.' });
      own(set, 75, { state: 'held' });
      await page.getByRole('button', { name: /Voir 4 questions plus anciennes/ }).click();
      await page.getByRole('article', { name: 'Question 29' }).waitFor();
      for (const [number, words] of [
        [70, /Retenue, passera en 2e/], [71, /Non retenue[\s\S]*Déjà posée par quelqu’un d’autre\. Voir la question 46/], [72, /Réunie à la question 46[\s\S]*Combien d’applications[\s\S]*Retenue/],
        [73, /Différée[\s\S]*par le rectorat/], [74, /Répondue à \d\d:\d\d[\s\S]*Oui, dès janvier/], [75, /Reçue, en cours de lecture/],
      ]) assert.match(await page.getByRole('article', { name: `Question ${number}` }).innerText(), words);
      await clean(page, 'site-questions');
    }));

  test('are withdrawn with time to change one’s mind', () =>
    room(async (page, set) => {
      await live(page);
      own(set, 70);
      own(set, 71);
      const first = page.getByRole('article', { name: 'Question 70' });
      await first.getByRole('button', { name: 'Retirer' }).click();
      await first.waitFor({ state: 'detached' });
      assert.equal(sent(set, 'withdraw').length, 0);
      await page.locator('.toast', { hasText: 'Question 70 retirée' }).getByRole('button', { name: 'Annuler' }).click();
      await first.waitFor();
      await first.getByRole('button', { name: 'Retirer' }).click();
      // The next one takes the place of the first, which is then done.
      await page.getByRole('article', { name: 'Question 71' }).getByRole('button', { name: 'Retirer' }).click();
      await until(() => sent(set, 'withdraw').length === 1);
      assert.equal(sent(set, 'withdraw')[0].question, 70);
    }));

  test('are changed before they are read: the new one takes the place of the old one', () =>
    room(async (page, set) => {
      await live(page);
      own(set, 70, { text: 'Avec une fote', name: 'Léa', public: 'eleve' });
      own(set, 71, { state: 'approved' });
      assert.equal(await page.getByRole('article', { name: 'Question 71' }).getByRole('button', { name: 'Modifier' }).count(), 0);
      await page.getByRole('article', { name: 'Question 70' }).getByRole('button', { name: 'Modifier' }).click();
      await page.getByText('Remplacera la question 70').waitFor();
      assert.deepEqual([await page.inputValue('#s-ask'), await page.inputValue('#s-name'), await page.inputValue('#s-public')], ['Avec une fote', 'Léa', 'eleve']);
      await page.fill('#s-ask', 'Sans faute');
      await page.locator('#s-ask').press('Enter');
      assert.equal((await told(set, 'withdraw')).question, 70);
      assert.equal(sent(set, 'ask')[0].text, 'Sans faute');
      await line(page, 'Avec une fote').waitFor({ state: 'detached' });
      await line(page, 'Sans faute').waitFor();
    }));

  test('already asked: the room supports that one, and can take it back', () =>
    room(async (page, set) => {
      await live(page);
      await page.fill('#s-ask', 'Combien d’applications pour un élève ?');
      await page.getByText('Déjà posée').waitFor();
      await clean(page, 'site-similar');
      await page.getByRole('button', { name: /Soutenir la question 46 pour la salle/ }).click();
      assert.equal((await told(set, 'vote')).question, 46);
      await page.locator('.toast', { hasText: 'La salle soutient la question 46' }).waitFor();
      assert.equal(await page.inputValue('#s-ask'), '');
      await page.locator('.toast').getByRole('button', { name: 'Annuler' }).click();
      assert.equal((await told(set, 'unvote')).question, 46);
      assert.equal(await page.inputValue('#s-ask'), 'Combien d’applications pour un élève ?');
    }));

  test('a refused one comes back with the reason; closed, nothing leaves', () =>
    room(async (page, set) => {
      await live(page);
      await page.fill('#s-ask', 'Celle du refus');
      await page.locator('#s-ask').press('Enter');
      await page.getByText('Un peu trop vite').waitFor();
      assert.equal(await page.inputValue('#s-ask'), 'Celle du refus');
      const queue = set.worlds.direct.topics.public.map.get('queue');
      set.worlds.direct.change('public', { queue: { ...queue, open: false } });
      await page.waitForFunction(() => document.querySelector('.who button').disabled);
      await page.locator('#s-ask').press('Enter');
      set.worlds.direct.change('public', { queue: { ...queue, young: true } });
      await page.getByText('aucun nom n’est pris').waitFor();
      assert.equal(await page.locator('#s-name').count(), 0);
      assert.equal(sent(set, 'ask').length, 1);
      await page.fill('#s-ask', 'Une question d’enfant');
      await page.locator('#s-ask').press('Enter');
      await until(() => sent(set, 'ask').length === 2);
      assert.equal(sent(set, 'ask')[1].name, undefined);
    }));

  test('the room asks to speak for somebody, from the hand to the microphone', () =>
    room(async (page, set) => {
      await live(page);
      const queue = set.worlds.direct.topics.public.map.get('queue');
      set.worlds.direct.change('public', { queue: { ...queue, hands: true } });
      await page.fill('#s-hand-name', 'M. Roth');
      await page.fill('#s-hand-about', 'Le prêt');
      await page.getByRole('button', { name: 'Demander la parole' }).click();
      const { name, about, site } = await told(set, 'hand');
      assert.deepEqual([name, about, site], ['M. Roth', 'Le prêt', 'strasbourg']);
      await page.locator('.hand', { hasText: '3ᵉ de la file' }).waitFor();
      const now = (state, more) => set.worlds.direct.change('mine', { hand: { hand: 1, state, version: 2, ...more } });
      now('called');
      await page.getByText('passez le micro').waitFor();
      await page.getByRole('button', { name: 'La personne est prête' }).click();
      await page.locator('.hand', { hasText: 'La régie le sait' }).waitFor();
      now('speaking');
      await page.locator('.hand', { hasText: 'Vous avez la parole' }).waitFor();
      now('dismissed', { reason: 'le temps manque' });
      await page.getByText('Demande non retenue : le temps manque').waitFor();
      await page.getByRole('button', { name: 'Demander la parole' }).waitFor();
    }));
});

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
