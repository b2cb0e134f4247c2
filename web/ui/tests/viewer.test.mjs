// The viewer's question panel, state by state, on the stage set.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './browser.mjs';
import { clean, desk } from './desk.mjs';
import { stageSet } from './stage-set.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** The live event on a set of its own: `use(page, set, world)`. */
const live = (use, options) => desk(browser, stageSet, '/e/direct/', '.q--vote', (page, set) => use(page, set, set.worlds.direct), options);
const text = (page, selector) => page.locator(selector).first().innerText();
const said = (page, words, kind = 'polite') => page.waitForFunction(([kind, words]) => document.querySelector(`[data-voice="${kind}"]`).textContent.includes(words), [kind, words]);
const asked = (set, name) => set.state.commands.filter((command) => command.do === name);
/** The last command of that name, once it came. */
const sentOne = async (page, set, name) => {
  for (let tries = 0; tries < 1200; tries += 1) {
    const found = asked(set, name).at(-1);
    if (found) return found;
    await new Promise((next) => setTimeout(next, 25));
  }
  throw new Error(`no ${name} came`);
};
const queue = (world, change) => world.change('public', { queue: { ...world.topics.public.map.get('queue'), ...change } });
const open = async (page, words = '') => {
  await page.locator('.ask__open').click();
  await page.waitForSelector('#a-t');
  if (words) await page.fill('#a-t', words);
};
const send = (page) => page.locator('.ask__send').click();
const now = Date.now();
const own = (id, state, more = {}) => ({ [`q/${id}`]: { id, number: id, text: `Ma question ${id}`, state, votes: 0, asked_at: now + id, ...more } });
const others = (id, more = {}) => ({ [`q/${id}`]: { id, number: id, text: `Question du public ${id}`, state: 'approved', votes: 0, asked_at: now - 3_600_000 + id, ...more } });
/** Everything at once: each state with its reason. */
const BECAME = {
  ...own(1, 'received'), ...own(2, 'held'), ...own(3, 'approved'), ...own(4, 'staged', { rank: 1 }), ...own(5, 'on_air'),
  ...own(6, 'answered', { answered_at: now, air_at: now - 60_000 }),
  ...own(7, 'answered', { answered_at: now, written: 'Oui, dès la rentrée.', to: 'one' }),
  ...own(8, 'declined', { reason: { code: 'duplicate', see: 44 } }),
  ...own(9, 'deferred', { deferred_to: 'Mme Weber' }),
  ...own(10, 'withdrawn'),
  ...own(11, 'merged', { into: { id: 44, text: 'Comment aider un collègue qui n’ose pas se lancer\u202f?', state: 'approved' } }),
  ...own(12, 'merged', { into: { id: 38, state: 'answered', answered_at: now } }),
  ...own(13, 'answered', { answered_at: now, written: 'Oui, pour tous.', to: 'all' }),
  ...own(14, 'merged', { into: { id: 99, text: 'Et le mercredi\u202f?', state: 'answered', answered_at: now, written: 'Aussi le mercredi.', to: 'all' } }),
};
const showAll = (page) => page.getByRole('button', { name: /Voir \d+ autres/ }).click();

describe('my questions', () => {
  test('every state is said in words, with its reason and the way on', () =>
    live(async (page, set, world) => {
      world.change('mine', BECAME);
      await showAll(page);
      const card = (id) => text(page, `.q--mine:has-text("Ma question ${id}")`);
      const card1 = await page.locator('.q--mine', { hasText: /Ma question 1$/m }).innerText();
      assert.match(card1, /Reçue, en cours de lecture/);
      assert.match(await card(2), /Reçue, en cours de lecture/, 'quarantine is not told');
      assert.match(await card(3), /Retenue/);
      assert.match(await card(4), /c’est la suivante/);
      assert.match(await card(5), /à l’antenne dans un instant/, 'the delayed picture has not reached it');
      assert.match(await card(6), /Répondue à \d\d:\d\d[\s\S]*Revoir la réponse/);
      assert.match(await card(7), /Réponse écrite, à vous seul[\s\S]*Oui, dès la rentrée/);
      assert.match(await card(8), /Non retenue[\s\S]*Déjà posée par quelqu’un d’autre\. Voir la question 44/);
      assert.match(await card(9), /Transmise à Mme Weber\s: réponse après l’événement/);
      assert.match(await card(10), /Retirée par vous/);
      assert.match(await card(11), /Réunie avec la question n°\s44[\s\S]*n’ose pas se lancer[\s\S]*Elle est retenue/);
      assert.match(await card(12), /Réunie avec la question n°\s38[\s\S]*Répondue à \d\d:\d\d\. Revoir la réponse/);
      assert.match(await card(13), /Réponse écrite\s+Oui, pour tous/, 'before the public list has it');
      assert.match(await card(14), /Réunie avec la question n°\s99[\s\S]*Répondue à \d\d:\d\d\.[\s\S]*Aussi le mercredi/);
      assert.match(await page.locator('.q--mine:has-text("Ma question 6") a').getAttribute('href'), /replay\/#q=6$/);
      await page.locator('.q--mine:has-text("Ma question 11") a').click();
      assert.equal(await page.evaluate(() => document.activeElement.id), 'q-44', 'the link leads to it in the list');
    }));

  for (const [theme, width, locale] of [['light', 1280, 'fr-FR'], ['dark', 360, 'fr-FR'], ['light', 360, 'en-GB'], ['dark', 1920, 'en-GB']]) {
    test(`every state, ${theme} ${width} ${locale}: nothing that axe refuses, nothing sideways`, () =>
      live(
        async (page, set, world) => {
          world.change('mine', BECAME);
          await page.getByRole('button', { name: /Voir \d+ autres|Show \d+ more/ }).click();
          await clean(page, `viewer-mine-${locale}`);
        },
        { theme, width, height: width === 360 ? 780 : 1080, locale },
      ));
  }

  test('withdrawing can be undone, and is only told once it cannot', () =>
    live(async (page, set, world) => {
      world.change('mine', own(70, 'received'));
      const mine = page.locator('.q--mine:has-text("Ma question 70")');
      await mine.getByRole('button', { name: 'Retirer ma question 70' }).press('Enter');
      assert.match(await mine.innerText(), /Retirée par vous/);
      await page.waitForFunction(() => document.activeElement.textContent.trim() === 'Annuler');
      await page.keyboard.press('Enter');
      assert.match(await mine.innerText(), /Reçue/);
      assert.equal(asked(set, 'withdraw').length, 0);
      await mine.getByRole('button', { name: 'Retirer ma question 70' }).click();
      await page.evaluate(() => dispatchEvent(new Event('pagehide')));
      assert.equal((await sentOne(page, set, 'withdraw')).question, 70);
      await mine.waitFor({ state: 'detached' });
    }));
});

describe('the ask box', () => {
  test('the draft outlives a reload; who one is outlives the question', () =>
    live(async (page, set) => {
      await open(page, 'Une question en chantier');
      await page.fill('#a-n', 'Inès');
      await page.reload();
      await page.waitForSelector('.conn[data-state="live"]');
      await open(page);
      assert.equal(await page.inputValue('#a-t'), 'Une question en chantier');
      await page.selectOption('#a-p', 'parent');
      await send(page);
      const sent = await sentOne(page, set, 'ask');
      assert.deepEqual([sent.text, sent.name, sent.show_name, sent.public], ['Une question en chantier', 'Inès', false, 'parent']);
      await open(page);
      assert.deepEqual([await page.inputValue('#a-t'), await page.inputValue('#a-n')], ['', 'Inès']);
    }));

  test('the focus goes back to the button that opened the box', () =>
    live(async (page) => {
      await page.locator('.ask__open').focus();
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement.id === 'a-t');
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => document.activeElement.classList.contains('ask__open'));
    }));

  test('the question carries the time of the picture', () =>
    live(async (page, set) => {
      await page.waitForFunction(() => document.querySelector('pl-player')?.playingDate !== undefined);
      const at = await page.evaluate(() => document.querySelector('pl-player').playingDate);
      await open(page, 'Au moment de l’image');
      await send(page);
      const { programme_at } = await sentOne(page, set, 'ask');
      assert.ok(Number.isInteger(programme_at) && programme_at >= at - 1 && programme_at < at + 20_000, `${programme_at} for a picture of ${at}`);
    }));

  test('offers what is offered now: names, themes, publics', () =>
    live(async (page, set, world) => {
      queue(world, { names: 'required', themes: ['ensemble'], publics: [] });
      await open(page, 'Une question sans nom');
      assert.deepEqual(await page.locator('#a-th option').allInnerTexts(), ['Sans thème', 'Travailler ensemble']);
      assert.equal(await page.locator('#a-p').count(), 0);
      await send(page);
      assert.match(await text(page, '#a-n-error'), /Indiquez votre nom/);
      assert.equal(await page.evaluate(() => document.activeElement.id), 'a-n');
      queue(world, { names: 'none' });
      await page.locator('#a-n').waitFor({ state: 'detached' });
      await send(page);
      assert.equal('name' in (await sentOne(page, set, 'ask')), false);
    }));

  test('young public: no name is asked, and one sentence says why', () =>
    live(async (page, set, world) => {
      queue(world, { young: true });
      await open(page, 'Pourquoi le ciel est bleu');
      assert.equal(await page.locator('#a-n').count(), 0);
      assert.match(await text(page, '[data-young]'), /Jeune public/);
      assert.equal(await page.locator('.ask__say').count(), 0, 'children ask for the floor through their room');
      await clean(page, 'viewer-young');
    }));

  test('characters are counted as the server keeps them', () =>
    live(async (page) => {
      await open(page, `  ${'é'.repeat(290)}\u200B \n `);
      assert.match(await text(page, '#a-left'), /^10 caractères possibles/);
    }));

  test('a name that looks like staff comes back at the name, with everything typed', () =>
    live(async (page) => {
      await open(page, 'Qui suis-je donc');
      await page.fill('#a-n', 'Odile Martin');
      await send(page);
      await page.waitForFunction(() => /membre de l’équipe/.test(document.querySelector('#a-n-error')?.textContent ?? ''));
      assert.deepEqual([await page.inputValue('#a-t'), await page.inputValue('#a-n')], ['Qui suis-je donc', 'Odile Martin']);
      await clean(page, 'viewer-refused');
    }));

  test('a refused one does not write over what is being typed: it is one press away', () =>
    live(async (page, set) => {
      // The refusal comes while the next one is being typed, on a busy machine too.
      set.state.slow = 2500;
      await open(page, 'Celle qui sera refusée');
      await send(page);
      await open(page, 'La suivante');
      await page.locator('.toast .btn').click();
      assert.equal(await page.inputValue('#a-t'), 'Celle qui sera refusée');
    }));

  test('slow mode counts down in words, and keeps the text', () =>
    live(async (page, set, world) => {
      queue(world, { slow_mode_s: 60 });
      world.change('mine', { limits: { next_at: Date.now() + 45_000 } });
      await open(page, 'Encore moi');
      assert.match(await text(page, '.ask__slow'), /Une question toutes les 1\smin\. La prochaine dans \d\d\ss\./);
      await page.press('#a-t', 'Control+Enter');
      assert.match(await text(page, '#a-error'), /avant votre prochaine question\. Votre texte est gardé/);
      assert.equal(asked(set, 'ask').length, 0);
      world.change('mine', { limits: { next_at: Date.now() - 1 } });
      await page.waitForSelector('.ask__slow', { state: 'detached' });
      await send(page);
      assert.equal((await sentOne(page, set, 'ask')).text, 'Encore moi');
    }));

  test('closing while one writes keeps the text and says so; open again, it leaves', () =>
    live(async (page, set, world) => {
      await open(page, 'Juste à temps');
      queue(world, { open: false });
      await page.waitForSelector('.ask .banner');
      await page.press('#a-t', 'Control+Enter');
      assert.equal(asked(set, 'ask').length, 0);
      await clean(page, 'viewer-closed');
      queue(world, { open: true });
      await page.waitForSelector('.ask .banner', { state: 'detached' });
      await send(page);
      assert.equal((await sentOne(page, set, 'ask')).text, 'Juste à temps');
    }));

  test('a banned person is told why, and until when', () =>
    live(async (page, set, world) => {
      world.change('mine', { banned: { reason: 'Propos injurieux', until: Date.now() + 600_000 } });
      await page.waitForSelector('.ask__closed');
      assert.match(await text(page, '.ask__closed'), /pas participer avant \d\d:\d\d\s: Propos injurieux/);
      assert.equal(await page.locator('.ask__open').count(), 0);
      await clean(page, 'viewer-banned');
      world.change('mine', { banned: null });
      await page.waitForSelector('.ask__open');
    }));

  test('a question in flight at a cut is sent again with the same id: once in the list, nothing doubled', () =>
    live(async (page, set) => {
      set.state.slow = 300;
      await open(page, 'Coupée en plein vol');
      await send(page);
      const first = await sentOne(page, set, 'ask');
      set.leave();
      await page.waitForSelector('.conn[data-state="offline"]');
      await page.waitForSelector('.q[data-pending="true"]:has-text("Coupée en plein vol")');
      set.state.slow = 0;
      set.back();
      await page.waitForSelector('.q--mine:has-text("Coupée en plein vol")');
      await page.waitForSelector('.toast:has-text("reçue")');
      assert.equal(await page.locator('.q:has-text("Coupée en plein vol")').count(), 1);
      assert.deepEqual(asked(set, 'ask').map((one) => one.id), [first.id]);
    }));

  test('one that a closed tab could not send leaves when the page is opened again', () =>
    live(async (page, set) => {
      set.leave();
      await page.waitForSelector('.conn[data-state="offline"]');
      await open(page, 'Gardée d’une vie à l’autre');
      await send(page);
      await page.waitForSelector('.q[data-pending="true"]');
      set.back();
      await page.reload();
      await page.waitForSelector('.q--mine:has-text("Gardée d’une vie à l’autre")');
      assert.equal(asked(set, 'ask').length, 1);
      assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('pl-outbox'))), []);
    }));
});

test('two tabs without a line keep a question each: both arrive, each once, even when one was reloaded', () =>
  live(async (page, set) => {
    const second = await page.context().newPage();
    await second.goto(page.url());
    await second.waitForSelector('.conn[data-state="live"]');
    set.leave();
    for (const [tab, words] of [[page, 'De la première'], [second, 'De la seconde']]) {
      await tab.waitForSelector('.conn[data-state="offline"]');
      await open(tab, words);
      await send(tab);
      await tab.waitForSelector('.q[data-pending="true"]');
    }
    await page.reload();
    set.back();
    for (const words of ['De la première', 'De la seconde']) await page.waitForSelector(`.q--mine:has-text("${words}")`);
    await second.waitForSelector('.q--mine:has-text("De la première")');
    assert.deepEqual(asked(set, 'ask').map((one) => one.text).sort(), ['De la première', 'De la seconde']);
    await page.waitForFunction(() => Object.keys(localStorage).every((key) => !key.startsWith('pl-outbox')));
  }));

describe('similar questions', () => {
  test('are offered once typing stops, when there is enough to compare', () =>
    live(async (page, set) => {
      await open(page);
      await page.keyboard.type('Un collègue à aider');
      await page.waitForSelector('.like:has-text("n’ose pas se lancer")');
      assert.deepEqual(asked(set, 'similar').map((one) => one.text), ['Un collègue à aider']);
      await clean(page, 'viewer-similar');
      await page.fill('#a-t', 'Un collègue');
      await page.waitForSelector('.like', { state: 'detached' });
    }));

  test('are looked for on the page when the server does not answer', () =>
    live(async (page, set) => {
      set.leave();
      await page.waitForSelector('.conn[data-state="offline"]');
      await open(page, 'Aider un collègue à se lancer');
      await page.waitForSelector('.like:has-text("n’ose pas se lancer")');
    }));

  test('one tap votes, the text is put aside, undo brings both back', () =>
    live(async (page, set) => {
      await open(page, 'Mieux partager les cours préparés ensemble');
      await page.locator('.like:has-text("cours préparés") .vote').click();
      await page.locator('.ask__form').waitFor({ state: 'detached' });
      assert.equal((await sentOne(page, set, 'vote')).question, 51);
      await page.waitForSelector('.q--vote:has-text("cours préparés") .vote[aria-pressed="true"]');
      await page.locator('.toast .btn').click();
      assert.equal(await page.inputValue('#a-t'), 'Mieux partager les cours préparés ensemble');
      assert.equal((await sentOne(page, set, 'unvote')).question, 51);
    }));

  test('a text put aside can be taken back later', () =>
    live(async (page) => {
      await open(page, 'Mieux partager les cours préparés ensemble');
      await page.locator('.like:has-text("cours préparés") .vote').click();
      await open(page);
      await page.getByRole('button', { name: 'Reprendre mon texte mis de côté' }).click();
      assert.equal(await page.inputValue('#a-t'), 'Mieux partager les cours préparés ensemble');
    }));
});

describe('others’ questions', () => {
  const ids = (page) => page.locator('.q--vote').evaluateAll((all) => all.map((one) => Number(one.id.slice(2))));

  test('nothing moves under the pointer: gone ones keep their place, new ones wait behind a bar', () =>
    live(async (page, set, world) => {
      const before = await ids(page);
      await page.locator('#h-all').hover();
      world.change('public', { ...others(95, { votes: 99 }), 'q/53': { ...world.topics.public.map.get('q/53'), state: 'answered' } });
      await page.waitForSelector('.others__bar');
      assert.match(await text(page, '.others__bar'), /1 nouvelle question/);
      assert.deepEqual(await ids(page), [...before, 95]);
      assert.match(await text(page, '#q-53'), /Répondue/);
      assert.equal(await page.locator('#q-53 .vote').isDisabled(), true);
      await clean(page, 'viewer-held');
      await page.locator('.others__bar').click();
      await page.waitForFunction(() => document.querySelector('.q--vote').id === 'q-95');
      assert.deepEqual(await ids(page), [95, ...before.filter((id) => id !== 53)]);
    }));

  test('on a phone, having scrolled into the list is reading it; back above it, the order is the true one', () =>
    live(
      async (page, set, world) => {
        world.change('public', Object.assign({}, ...Array.from({ length: 30 }, (_, n) => others(200 + n))));
        await page.waitForSelector('#q-229');
        await page.locator('#q-229').scrollIntoViewIfNeeded();
        const before = await ids(page);
        world.change('public', others(229, { votes: 500 }));
        await page.waitForSelector('.others__bar');
        assert.deepEqual(await ids(page), before);
        await clean(page, 'viewer-phone-held');
        await page.evaluate(() => {
          const head = document.querySelector('#h-all').getBoundingClientRect();
          scrollBy(0, head.top - innerHeight / 2);
        });
        await page.waitForFunction(() => document.querySelector('.q--vote').id === 'q-229');
        await page.waitForSelector('.others__bar', { state: 'detached' });
      },
      { width: 390, height: 844, touch: true },
    ));

  test('without anybody there, the order follows the votes; the choice of order is kept', () =>
    live(async (page, set, world) => {
      await page.mouse.move(5, 5);
      world.change('public', others(95, { votes: 99 }));
      await page.waitForFunction(() => document.querySelector('.q--vote').id === 'q-95');
      await page.getByRole('button', { name: 'Récentes' }).click();
      await page.waitForFunction(() => document.querySelector('.q--vote').id !== 'q-95');
      await page.reload();
      await page.waitForSelector('.q--vote');
      assert.equal(await page.getByRole('button', { name: 'Récentes' }).getAttribute('aria-pressed'), 'true');
    }));

  test('five hundred: one vote redraws one card, and search finds without accents', () =>
    live(async (page, set, world) => {
      world.change('public', Object.assign({}, ...Array.from({ length: 500 }, (_, n) => others(1000 + n, { votes: n }))));
      await page.waitForFunction(() => document.querySelectorAll('.q--vote').length > 500);
      await page.locator('#h-all').hover();
      await page.evaluate(() => {
        globalThis.touched = new Set();
        new MutationObserver((all) => {
          for (const { target } of all) {
            const card = (target.nodeType === 1 ? target : target.parentElement).closest('.q--vote');
            if (card) globalThis.touched.add(card.id);
          }
        }).observe(document.querySelector('.others'), { subtree: true, childList: true, characterData: true, attributes: true });
      });
      world.change('public', others(1250, { votes: 900 }));
      await page.waitForFunction(() => document.querySelector('#q-1250 .vote').textContent.trim() === '900');
      assert.deepEqual(await page.evaluate(() => [...globalThis.touched]), ['q-1250']);
      await page.getByRole('searchbox').fill('collegue');
      await page.waitForFunction(() => document.querySelectorAll('.q--vote').length === 1);
      assert.match(await text(page, '.q--vote'), /n’ose pas se lancer/);
      await page.getByRole('searchbox').fill('girafe');
      await page.waitForFunction(() => /Aucune question ne correspond/.test(document.querySelector('.others__none')?.textContent ?? ''));
      await clean(page, 'viewer-search');
    }));
});

describe('asking to speak', () => {
  const hand = (world, value) => world.change('mine', { hand: value });

  test('from the raised hand to the thanks', () =>
    live(async (page, set, world) => {
      await page.locator('.ask__say').click();
      assert.match(await text(page, '.ask__form'), /2 personnes attendent déjà/);
      await page.keyboard.type('Le prêt de matériel');
      await page.selectOption('#h-p', 'parent');
      await clean(page, 'viewer-hand-form');
      await send(page);
      const sent = await sentOne(page, set, 'hand');
      assert.deepEqual([sent.about, sent.public], ['Le prêt de matériel', 'parent']);
      await page.waitForFunction(() => /Vous êtes 3e dans la file/.test(document.querySelector('.hand')?.textContent ?? ''));
      assert.equal(await page.locator('.ask__say').count(), 0, 'one request at a time');
      hand(world, { hand: 1, state: 'raised', place: 1, version: 2 });
      await page.waitForFunction(() => /prochain appel/.test(document.querySelector('.hand').textContent));
      await clean(page, 'viewer-raised');
      hand(world, { hand: 1, state: 'called', version: 3 });
      await said(page, 'On vous appelle', 'assertive');
      assert.match(await page.title(), /^On vous appelle/);
      await clean(page, 'viewer-called');
      await page.getByRole('button', { name: 'Répondre à l’appel' }).click();
      assert.equal(await page.locator('video.check__pic').count(), 0, 'nothing is opened before one says so');
      await page.getByRole('button', { name: 'Essayer caméra et micro' }).click();
      await page.waitForFunction(() => document.querySelector('.check__pic')?.videoWidth > 0);
      await page.waitForSelector('.check >> text=On vous entend');
      await clean(page, 'viewer-check');
      await page.getByRole('button', { name: 'Je suis prêt(e)' }).click();
      await page.waitForSelector('.hand--ready');
      assert.equal(await page.evaluate(() => document.activeElement.className), 'hand hand--ready', 'the focus is not lost');
      assert.match(await text(page, '.hand--ready'), /La régie est prévenue et vous prend à l’antenne/);
      assert.equal(await page.locator('.check__pic').count(), 0, 'camera and microphone are let go');
      await page.waitForFunction(() => sessionStorage.getItem('pl-key/direct/guest') === 'guest-key');
      assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage }).includes('guest-key') || document.documentElement.outerHTML.includes('guest-key')), false);
      await clean(page, 'viewer-ready');
      hand(world, { hand: 1, state: 'speaking', version: 5 });
      await page.waitForSelector('.hand >> text=La parole est à vous');
      hand(world, { hand: 1, state: 'done', version: 6 });
      await page.waitForSelector('.hand >> text=Merci pour votre intervention');
      await page.waitForFunction(() => sessionStorage.getItem('pl-key/direct/guest') === null);
      await page.locator('.hand').getByRole('button', { name: 'Fermer' }).click();
      await page.waitForSelector('.hand', { state: 'detached' });
      await page.waitForSelector('.ask__say');
    }));

  test('lowered by oneself; dismissed with the reason', () =>
    live(async (page, set, world) => {
      hand(world, { hand: 1, state: 'raised', place: 2, version: 1 });
      await page.getByRole('button', { name: 'Baisser la main' }).click();
      await page.waitForSelector('.hand', { state: 'detached' });
      assert.equal(asked(set, 'hand_down').length, 1);
      hand(world, { hand: 2, state: 'dismissed', version: 2, reason: 'Le temps manque pour cette séance' });
      await page.waitForSelector('.hand >> text=Le temps manque pour cette séance');
      await clean(page, 'viewer-dismissed');
    }));

  test('a refused camera is explained, and can be tried again', () =>
    live(async (page, set, world) => {
      hand(world, { hand: 1, state: 'called', version: 2 });
      await page.getByRole('button', { name: 'Répondre à l’appel' }).click();
      await page.evaluate(() => {
        const { getUserMedia } = navigator.mediaDevices;
        navigator.mediaDevices.getUserMedia = (wanted) => {
          navigator.mediaDevices.getUserMedia = getUserMedia;
          return Promise.reject(new DOMException('no', wanted ? 'NotAllowedError' : ''));
        };
      });
      await page.getByRole('button', { name: 'Essayer caméra et micro' }).click();
      await page.waitForSelector('.check .banner');
      assert.match(await text(page, '.check .banner'), /refusé\. Autorisez-le dans la barre d’adresse/);
      await clean(page, 'viewer-check-refused');
      await page.getByRole('button', { name: 'Réessayer' }).click();
      await page.waitForFunction(() => document.querySelector('.check__pic')?.videoWidth > 0);
    }));

  test('not offered when the floor is closed', () =>
    live(async (page, set, world) => {
      queue(world, { hands: false });
      await page.waitForSelector('.ask__say', { state: 'detached' });
    }));

  for (const [theme, width] of [['dark', 360], ['light', 360], ['dark', 1280]]) {
    test(`called, ${theme} ${width}: nothing that axe refuses, nothing sideways`, () =>
      live(
        async (page, set, world) => {
          hand(world, { hand: 1, state: 'called', version: 2 });
          await page.getByRole('button', { name: 'Répondre à l’appel' }).click();
          await page.getByRole('button', { name: 'Essayer caméra et micro' }).click();
          await page.waitForSelector('.check__pic');
          await clean(page, 'viewer-check');
        },
        { theme, width, height: width === 360 ? 640 : 800 },
      ));
  }
});

describe('said to screen readers', () => {
  test('what is there at first is not told; new ones are summed up; one’s own is told at once', () =>
    live(async (page, set, world) => {
      assert.equal(await page.locator('[data-voice="polite"]').textContent(), '');
      world.change('public', { ...others(101), ...others(102), ...others(103) });
      await said(page, '3 nouvelles questions.');
      world.change('public', others(104));
      world.change('mine', { 'q/29': { ...world.topics.mine.map.get('q/29'), state: 'approved' } });
      await said(page, 'Votre question 29\u00a0: Retenue.');
      assert.doesNotMatch(await page.locator('[data-voice="polite"]').textContent(), /nouvelle/, 'others wait their five seconds');
    }));
});

describe('coming back', () => {
  test('a restart is no outage: the page waits the time it was told, and misses nothing', () =>
    live(async (page, set, world) => {
      const began = Date.now();
      set.restart('back in 700 ms');
      await page.waitForSelector('.conn[data-state="behind"]');
      world.change('public', others(90));
      await page.waitForSelector('.conn[data-state="live"]');
      assert.ok(Date.now() - began >= 690, `back after ${Date.now() - began} ms`);
      await page.waitForSelector('#q-90');
    }));
});
