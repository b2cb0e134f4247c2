// The control room on the stage set: prepare with keys, take, mask, questions, orders, and the live pictures over WHEP.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, openPage, pictureMoves } from './browser.mjs';
import { clean, desk } from './desk.mjs';
import { mediaLoop } from './media-loop.mjs';
import { stageSet } from './stage-set.mjs';

const PATH = '/e/direct/direct#key=director';
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const on = (use, options) => desk(browser, stageSet, PATH, '.tile', use, options);
const sent = (set, name) => set.state.commands.filter((command) => command.do === name);
const told = (set, name) => until(() => sent(set, name).at(-1));
const toast = (page, words) => page.locator('.toast', { hasText: words }).waitFor();

async function until(ask) {
  const late = Date.now() + 30_000;
  while (Date.now() < late) {
    const found = await ask();
    if (found) return found;
    await new Promise((next) => setTimeout(next, 20));
  }
  throw new Error(`never came true: ${ask}`);
}

describe('preview and take', () => {
  test('digits fill the slots, Enter takes, and what is on air is said once it is seen', () =>
    on(async (page, set) => {
      await page.getByRole('button', { name: 'À deux', exact: true }).click();
      await page.keyboard.press('1');
      await page.keyboard.press('3');
      await page.waitForFunction(() => document.querySelector('.bus__pvw')?.getAttribute('aria-label')?.includes('Nancy, Reims'));
      await page.keyboard.press('Enter');
      const take = await told(set, 'take');
      assert.deepEqual({ layout: take.layout, slots: take.slots }, { layout: 'side_by_side', slots: ['nancy', 'reims'] });
      await page.waitForFunction(() => document.querySelector('.bus__pgm')?.getAttribute('aria-label')?.includes('Nancy, Reims'));
      assert.deepEqual(sent(set, 'preview').at(-1).slots, ['nancy', 'reims']);
    }));

  test('Space takes too, after a press of the mouse on a layout', () =>
    on(async (page, set) => {
      await page.getByRole('button', { name: 'Mosaïque' }).click();
      await page.keyboard.press('Space');
      const take = await told(set, 'take');
      assert.equal(take.layout, 'mosaic');
      assert.equal(take.slots.length, 7);
    }));

  test('a room in two slots changes places, and Inverser swaps them', () =>
    on(async (page, set) => {
      await page.keyboard.press('5');
      await until(() => sent(set, 'preview').at(-1)?.slots.join() === 'metz,mulhouse');
      await page.getByRole('button', { name: 'Inverser' }).click();
      await until(() => sent(set, 'preview').at(-1)?.slots.join() === 'mulhouse,metz');
    }));

  test('an order that is not seen in the picture is said', () =>
    on(async (page, set) => {
      set.worlds.direct.change('direct', {
        intent: { layout: 'full', slots: ['nancy'], asked_at: Date.now() - 5000 },
        'site/mulhouse': { state: 'live', words: [], level_db: -20, simulated: true, kbps: 900, loss_percent: 0 },
      });
      await page.locator('.health', { hasText: 'pas encore à l’image' }).waitFor();
    }));
});

describe('health, sound and safety', () => {
  test('troubles are told in words; the mix comes first', () =>
    on(async (page, set) => {
      await page.locator('.health', { hasText: 'Mulhouse' }).waitFor();
      await page.locator('.tile[data-look] .tile__health', { hasText: 'Pas de son' }).waitFor();
      set.worlds.direct.change('direct', { engine: { state: 'restarting', since: Date.now(), restarts: 1 } });
      await page.locator('.health', { hasText: 'redémarre' }).waitFor();
    }));

  test('a recording that no longer grows is not shown as running', () =>
    on(async (page, set) => {
      set.worlds.direct.change('direct', { recording: { state: 'recording', id: 'r1', bytes: 5e6, grew_at: Date.now() - 20_000, started_at: Date.now() - 60_000 } });
      await page.getByText('N’enregistre pas').waitFor();
      set.worlds.direct.change('direct', { recording: { state: 'recording', id: 'r1', bytes: 6e6, grew_at: Date.now() + 3000, started_at: Date.now() - 60_000 } });
      await page.getByText(/^Enregistre, /).waitFor();
    }));

  test('masking and muting are one press, and the toast takes them back', () =>
    on(async (page, set) => {
      await page.getByRole('button', { name: /Masquer le direct/ }).click();
      await toast(page, 'Le direct est masqué');
      await page.locator('.toast .btn').click();
      await until(() => sent(set, 'mask').length === 2);
      assert.deepEqual(sent(set, 'mask').map(({ on }) => on), [true, false]);
      await page.locator('.mix').getByRole('button', { name: 'Couper Reims' }).click();
      const mute = await told(set, 'mute');
      assert.deepEqual([mute.site, mute.on], ['reims', true]);
    }));
});

describe('run sheet, questions, orders', () => {
  test('the next session is one action; planned and real times are both there', () =>
    on(async (page, set) => {
      await page.locator('.lateness', { hasText: '4 min de retard' }).waitFor();
      await page.getByRole('button', { name: /Séance suivante.*Pause/ }).click();
      assert.equal((await told(set, 'session')).session, 'pause');
    }));

  test('a question goes on air and is answered from here', () =>
    on(async (page, set) => {
      await page.getByRole('article', { name: 'Question 42' }).getByRole('button', { name: 'Répondue' }).click();
      await until(() => sent(set, 'answer').at(-1)?.question === 42);
      await page.getByRole('article', { name: 'Question 42' }).waitFor({ state: 'detached' });
      await page.getByRole('article', { name: 'Question 48' }).getByRole('button', { name: 'À l’antenne' }).click();
      await page.locator('.right article[data-state="air"]', { hasText: '48' }).waitFor();
    }));

  test('who is to answer is named, and their room is one press from the preview', () =>
    on(async (page, set) => {
      const question = (id, more) => set.worlds.direct.change('moderation', { [`q/${id}`]: { ...set.worlds.direct.topics.moderation.map.get(`q/${id}`), ...more } });
      question(48, { assigned: { speaker: 'Claire Weber', site: 'reims' } });
      question(51, { assigned: undefined, site: 'strasbourg' });
      const assigned = page.getByRole('article', { name: 'Question 48' });
      await assigned.getByText('pour Claire Weber, Reims').waitFor();
      await page.getByRole('article', { name: 'Question 51' }).getByText('Strasbourg est à l’antenne').waitFor();
      await assigned.getByRole('button', { name: 'Mettre Reims en aperçu' }).click();
      await until(() => sent(set, 'preview').at(-1)?.slots.includes('reims'));
      await assigned.getByText('Reims en aperçu').waitFor();
    }));

  test('a question is taken off the screen again', () =>
    on(async (page, set) => {
      await page.getByRole('article', { name: 'Question 42' }).getByRole('button', { name: 'Retirer de l’écran' }).click();
      assert.equal((await told(set, 'off_air')).question, 42);
      await page.getByRole('article', { name: 'Question 42' }).getByRole('button', { name: 'À l’antenne' }).waitFor();
    }));

  test('for children it is said that no name is shown', () =>
    on(async (page, set) => {
      assert.equal(await page.locator('.young').count(), 0);
      set.worlds.direct.change('moderation', { queue: { ...set.worlds.direct.topics.moderation.map.get('queue'), young: true }, policy: { young: true } });
      await page.locator('.young', { hasText: 'aucun nom' }).waitFor();
    }));

  test('those who are called, ready or speaking, and the first in line, with what comes next', () =>
    on(async (page, set) => {
      const hand = (id, state, more) => set.worlds.direct.change('moderation', { [`hand/${id}`]: { hand: id, state, place: id, asker: `a${id}`, version: 3, at: Date.now(), ...more } });
      hand(1, 'raised', { name: 'Zoé' });
      hand(2, 'raised', { name: 'Hugo' });
      hand(3, 'ready', { name: 'Léo Martin', public: 'eleve', site: 'metz', about: 'Le prêt des tablettes' });
      hand(4, 'called', { name: 'Nora', called_at: Date.now() - 70_000 });
      const one = (name) => page.locator('.guests li', { hasText: name });
      await one('Léo Martin').getByText('élève, Metz').waitFor();
      await one('Nora').getByText('Ne répond pas').waitFor();
      assert.equal(await one('Hugo').count(), 0, 'only the first in line');
      await clean(page, 'director-guests');
      await page.getByRole('button', { name: 'À l’antenne : Léo Martin' }).click();
      const speaking = await told(set, 'speaking');
      assert.deepEqual([speaking.hand, speaking.version], [3, 3]);
      hand(3, 'speaking', { name: 'Léo Martin', version: 4 });
      await page.getByRole('button', { name: 'Terminé : Léo Martin' }).click();
      assert.deepEqual([(await told(set, 'hand_done')).version], [4]);
      await page.getByRole('button', { name: 'Appeler : Zoé' }).click();
      assert.equal((await told(set, 'call')).hand, 1);
    }));

  test('the stage’s "seen" is told with who and when, and its silence too', () =>
    on(async (page, set) => {
      const at = Date.now();
      const message = (more) => set.worlds.direct.change('stage', { message: { id: 1, text: 'Concluez', from: 'Régie', at, seen: false, ...more } });
      message();
      await page.locator('.order__last', { hasText: 'Pas encore vu' }).waitFor();
      await page.selectOption('#d-to', 'reims');
      await page.locator('.order__last', { hasText: 'Concluez (scène)' }).waitFor();
      await page.selectOption('#d-to', 'stage');
      message({ seen: true, seen_at: at, seen_by: 'Claire Meyer' });
      await page.locator('.order__last', { hasText: /Vu par Claire Meyer à \d\d:\d\d/ }).waitFor();
    }));

  test('stand-by, message and countdown reach the room and the stage', () =>
    on(async (page, set) => {
      await page.getByRole('button', { name: 'Prévenir Reims' }).click();
      assert.equal((await told(set, 'standby')).site, 'reims');
      set.worlds.direct.change('direct', { 'ready/reims': { asked_at: Date.now(), ready_at: Date.now() } });
      await page.locator('.tile', { hasText: 'Reims' }).getByText('Prête').waitFor();
      await page.locator('.health').getByRole('button', { name: 'Écrire à Mulhouse' }).click();
      await page.waitForFunction(() => document.activeElement?.id === 'd-text');
      await page.keyboard.type('Votre micro est coupé');
      await page.keyboard.press('Enter');
      const message = await told(set, 'message');
      assert.deepEqual([message.to, message.text], ['mulhouse', 'Votre micro est coupé']);
      await page.getByRole('button', { name: '5 min', exact: true }).click();
      assert.equal((await told(set, 'countdown')).minutes, 5);
    }));
});

test('the rooms and the programme are live pictures; switched off, the rooms are given back', async () => {
  const set = await stageSet();
  const page = await openPage(browser, 'about:blank', { width: 1440, height: 900 });
  try {
    const loop = await mediaLoop(page.context());
    await page.goto(set.url(PATH));
    await page.waitForFunction(() => [...document.querySelectorAll('.tile video')].filter((video) => video.videoWidth > 0 && !video.paused).length === 7);
    await page.waitForFunction(() => document.querySelector('.bus__pgm video')?.videoWidth > 0);
    assert.ok((await pictureMoves(page, { selector: '.bus__pgm video' })) > 0.3);
    assert.equal(await page.$eval('.bus__pgm video', (video) => video.muted), true);
    const posts = loop.seen.filter((one) => one.method === 'POST');
    assert.equal(posts.length, 8, 'one connection a stream, shared by tile and preview');
    assert.ok(posts.every((one) => one.authorization === 'Bearer director'));
    assert.ok(!/m=audio/.test(posts.find((one) => one.stream === 'nancy').offer), 'small pictures ask for no sound');
    await page.getByRole('switch', { name: 'Images des salles' }).click();
    await until(() => loop.seen.filter((one) => one.method === 'DELETE').length === 7);
    await page.waitForFunction(() => document.querySelectorAll('.tile video').length === 0 && document.querySelectorAll('.tile canvas:not([hidden])').length === 7);
  } finally {
    await page.context().unrouteAll({ behavior: 'ignoreErrors' });
    await page.context().close();
    await set.close();
  }
});

for (const [theme, width] of [['dark', 1440], ['light', 1440], ['dark', 390], ['dark', 360]]) {
  test(`axe refuses nothing, ${theme} ${width}`, () =>
    on(
      async (page) => {
        // The control room starts dark whatever the system says; light is a choice.
        if (theme === 'light') await page.getByRole('button', { name: 'Changer de thème' }).click();
        await clean(page, 'director');
      },
      { theme, width, height: 900 },
    ));
}

test('on a phone, taking, the next question and the slate stay in reach', () =>
  on(
    async (page, set) => {
      await page.locator('.take').getByRole('button', { name: 'Attente' }).click();
      assert.equal((await told(set, 'take')).layout, 'slate');
      const [mute] = await page.locator('.mutes button').all();
      const box = await mute.boundingBox();
      assert.ok(box.y < 844, 'mutes are above the fold');
    },
    { width: 390, height: 844 },
  ));
