// The moderator's page on the stage set: triage by keyboard, claims, lots, merging, the small forms, rules, journal, files,
// and what two moderators see of each other.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { clean, desk } from './desk.mjs';
import { stageSet } from './stage-set.mjs';

const PATH = '/e/direct/moderate#key=moderator';
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** A page and a set of its own: these tests change the questions. */
const on = (use, options) => desk(browser, stageSet, PATH, '.col article', use, { width: 1440, height: 900, ...options });

const ids = (page, column) => page.$$eval(`.col[data-column="${column}"] article`, (cards) => cards.map((card) => Number(card.dataset.id)));
const chosen = (page) => page.$eval('.col article[aria-current="true"]', (card) => Number(card.dataset.id));
const choose = async (page, id) => {
  await page.locator(`article[data-id="${id}"] .q__text`).click();
  await page.waitForSelector(`article[data-id="${id}"][aria-current="true"]`);
};
const leaves = (page, column, id) => page.waitForFunction(([c, i]) => !document.querySelector(`.col[data-column="${c}"] article[data-id="${i}"]`), [column, id]);
const enters = (page, column, id) => page.waitForSelector(`.col[data-column="${column}"] article[data-id="${id}"]:not([data-pending])`);
const toast = (page, words) => page.locator('.toast', { hasText: words }).waitFor();
const sent = (set, name) => set.state.commands.filter((command) => command.do === name);
/** Waits until the set has heard a command. */
const heard = async (set, name, fits = () => true) => {
  for (let left = 1200; left > 0; left -= 1) {
    const found = sent(set, name).find(fits);
    if (found) return found;
    await new Promise((soon) => setTimeout(soon, 25));
  }
  throw new Error(`never heard ${name}`);
};
const known = (set, id) => set.worlds.direct.topics.moderation.map.get(`q/${id}`);
const question = (id, more = {}) => ({ [`q/${id}`]: { id, number: id, version: 1, state: 'received', text: `Question numéro ${id}`, show_name: false, asker: `a${id}`, votes: 0, asked_at: Date.now(), ...more } });
const button = (page, name, exact = true) => page.getByRole('button', { name, exact });

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
      assert.equal(sent(set, 'undo')[0].question, first);
    }));

  test('R then a digit declines with the reason of that digit; it can be read again among those put away', () =>
    on(async (page, set) => {
      const [first] = await ids(page, 'sort');
      await page.keyboard.press('r');
      await page.locator('.why button').first().waitFor();
      assert.equal(await page.locator('.why__list .btn').count(), 9);
      await page.keyboard.press('3');
      await leaves(page, 'sort', first);
      assert.deepEqual(sent(set, 'decline')[0].reason, { code: 'off_topic' });
      await page.selectOption('.col[data-column="sort"] .menu', 'declined');
      await enters(page, 'sort', first);
    }));

  test('R and 9 ask for words; words kept are offered again, in the language of the asker', () =>
    on(async (page, set) => {
      set.worlds.direct.change('moderation', question(62, { asked_from: 'en' }));
      await page.locator('.fresh').click();
      await page.keyboard.press('r');
      await page.keyboard.press('9');
      await page.fill('#m-writing', 'Posez-la plutôt demain');
      await button(page, 'Garder ce texte').click();
      await page.focus('#m-writing');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await toast(page, 'non retenue');
      assert.deepEqual(sent(set, 'decline')[0].reason, { code: 'other', text: 'Posez-la plutôt demain' });
      await page.keyboard.press('r');
      await page.locator('.why .own', { hasText: 'Posez-la plutôt demain' }).waitFor();
      await page.keyboard.press('Escape');
      await choose(page, 62);
      await page.keyboard.press('r');
      await page.locator('.why__list').waitFor();
      assert.equal(await page.locator('.why .own').count(), 0, 'a French text is not for an English asker');
      await page.keyboard.press('9');
      await page.getByText('Texte prêt, en anglais').waitFor();
    }));

  test('S sends a fresh question to the run sheet in two steps, and one Z takes both back', () =>
    on(async (page, set) => {
      const [first] = await ids(page, 'sort');
      await page.keyboard.press('s');
      await enters(page, 'running', first);
      await toast(page, 'au conducteur');
      const steps = set.state.commands.filter((command) => ['approve', 'stage'].includes(command.do));
      assert.deepEqual(steps.map((command) => [command.do, command.version]), [['approve', 1], ['stage', 2]]);
      await page.keyboard.press('z');
      await enters(page, 'sort', first);
      assert.equal(sent(set, 'undo').length, 2);
    }));

  test('O puts on air, Enter marks answered, both from the third column; up and down move', () =>
    on(async (page, set) => {
      await page.keyboard.press('3');
      const [onAir, next, third] = await ids(page, 'running');
      assert.equal(await chosen(page), onAir);
      await page.getByRole('button', { name: `Monter la question ${third}` }).click();
      await page.waitForFunction((id) => document.querySelectorAll('.col[data-column="running"] article')[1]?.dataset.id === String(id), third);
      await page.keyboard.press('z');
      await page.waitForFunction((id) => document.querySelectorAll('.col[data-column="running"] article')[1]?.dataset.id === String(id), next);
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
      await page.locator('.orig', { hasText: 'Qui paie les abonnements' }).waitFor();
      await page.keyboard.press('t');
      await page.waitForFunction(() => document.activeElement?.id === 'm-theme');
      await page.selectOption('#m-theme', 'gouvernance');
      assert.deepEqual((({ theme, text }) => ({ theme, text }))(await heard(set, 'edit', (command) => command.theme)), { theme: 'gouvernance', text: 'Texte plus court' });
    }));

  test('H holds, D defers to somebody, M unites with the closest, and each comes back', () =>
    on(async (page, set) => {
      await choose(page, 58);
      await page.keyboard.press('h');
      await page.locator('.group article[data-id="58"]').waitFor();
      await page.keyboard.press('z');
      await page.waitForFunction(() => !document.querySelector('.group article[data-id="58"]'));
      await choose(page, 58);
      await page.keyboard.press('d');
      await page.fill('#m-writing', 'Rectorat de Reims');
      await button(page, 'Différer').click();
      await leaves(page, 'sort', 58);
      assert.equal(sent(set, 'defer')[0].to, 'Rectorat de Reims');
      await page.selectOption('.col[data-column="sort"] .menu', 'deferred');
      await page.locator('article[data-id="58"]', { hasText: 'Rectorat de Reims répondra' }).waitFor();
      await page.selectOption('.col[data-column="sort"] .menu', 'oldest');
      await choose(page, 61);
      await page.locator('.sim').first().waitFor();
      await page.keyboard.press('m');
      const { question, into } = await heard(set, 'merge');
      assert.equal(question, 61);
      await page.selectOption('.col[data-column="sort"] .menu', 'merged');
      await page.locator('article[data-id="61"]', { hasText: `Réunie à la ${into}` }).waitFor();
      await page.locator('article[data-id="61"]').getByRole('button', { name: 'Séparer' }).click();
      await leaves(page, 'sort', 61);
      assert.equal(known(set, 61).state, 'held', 'it is where it was before');
    }));

  test('typing in the search triggers nothing, and the keys can be switched off for good', () =>
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
      await page.reload();
      await page.waitForSelector('.col article');
      await page.keyboard.press('a');
      await page.keyboard.press('j');
      await page.getByRole('switch', { name: 'Questions ouvertes' }).click();
      await toast(page, 'Questions fermées');
      assert.equal(sent(set, 'approve').length, 0);
    }));
});

describe('the drawer', () => {
  test('a written reply goes to one or to all, starting from a ready text', () =>
    on(async (page, set) => {
      await choose(page, 58);
      await button(page, 'Répondre par écrit').click();
      await page.selectOption('#m-ready', { index: 1 });
      await page.getByRole('radio', { name: 'À l’auteur seul' }).check();
      await button(page, 'Envoyer la réponse').click();
      const { written, to } = await heard(set, 'answer');
      assert.match(written, /^Merci pour votre question/);
      assert.equal(to, 'one');
      await leaves(page, 'sort', 58);
    }));

  test('what is written survives another choice, and a line that is away; nothing is sent by surprise', () =>
    on(async (page, set) => {
      await choose(page, 58);
      await button(page, 'Répondre par écrit').click();
      await page.fill('#m-writing', 'Réponse longue à écrire');
      await choose(page, 59);
      await choose(page, 58);
      await button(page, 'Répondre par écrit').click();
      assert.equal(await page.inputValue('#m-writing'), 'Réponse longue à écrire');
      set.leave();
      await page.waitForSelector('.conn[data-state="offline"]');
      await button(page, 'Envoyer la réponse').click();
      await toast(page, 'rien n’a été envoyé');
      await page.locator('.footline', { hasText: 'dernier état connu' }).waitFor();
      set.back();
      await page.waitForSelector('.conn[data-state="live"]');
      assert.equal(sent(set, 'answer').length, 0);
      await button(page, 'Envoyer la réponse').click();
      assert.equal((await heard(set, 'answer')).written, 'Réponse longue à écrire');
    }));

  test('notes, who answers, the history and a ban with its reason', () =>
    on(async (page, set) => {
      await choose(page, 55);
      await page.locator('.hist', { hasText: 'À rapprocher du retour de Mulhouse' }).waitFor();
      await button(page, 'Tout l’historique').click();
      await page.locator('.hist', { hasText: 'Mise au conducteur (Claire Meyer)' }).waitFor();
      await page.fill('#m-note', 'Demander à Troyes');
      await page.keyboard.press('Enter');
      await page.locator('.hist', { hasText: 'Demander à Troyes' }).first().waitFor();
      await page.selectOption('#m-who', 'troyes');
      await page.locator('article[data-id="55"]', { hasText: 'Troyes répond' }).waitFor();
      await page.fill('#m-speaker', 'Mme Diallo');
      await page.keyboard.press('Enter');
      await page.locator('article[data-id="55"]', { hasText: 'Mme Diallo (Troyes) répond' }).waitFor();
      await button(page, 'Exclure').click();
      await page.fill('#m-writing', 'Insultes répétées');
      await page.getByRole('radio', { name: '1 h', exact: true }).check();
      await page.locator('.drawer__foot').getByRole('button', { name: 'Exclure' }).click();
      await page.getByText('Auteur exclu de l’événement').waitFor();
      const { reason, minutes } = sent(set, 'ban')[0];
      assert.deepEqual({ reason, minutes }, { reason: 'Insultes répétées', minutes: 60 });
    }));

  test('questions united in this one are listed and can be taken apart', () =>
    on(async (page, set) => {
      await choose(page, 48);
      await page.locator('.sim', { hasText: 'dix heures du soir' }).getByRole('button', { name: 'Séparer' }).click();
      await enters(page, 'kept', 47);
      assert.equal(known(set, 48).votes, 55, 'the votes are as they were');
    }));
});

describe('a team at work', () => {
  test('arrivals wait behind the bar until they are asked for, and nothing moves', () =>
    on(async (page, set) => {
      const before = await ids(page, 'sort');
      const top = () => page.$eval('article[data-id="59"]', (card) => card.getBoundingClientRect().top);
      set.worlds.direct.change('moderation', { ...question(70), ...question(71), ...question(72, { state: 'held', held: { code: 'link' } }) });
      const bar = page.locator('.fresh', { hasText: '3 nouvelles questions' });
      await bar.waitFor();
      assert.deepEqual(await ids(page, 'sort'), before);
      const stood = await top();
      set.worlds.direct.change('moderation', question(73));
      await page.locator('.fresh', { hasText: '4 nouvelles questions' }).waitFor();
      assert.equal(await top(), stood);
      await page.locator('.fresh').click();
      await enters(page, 'sort', 71);
      assert.deepEqual(new Set(await ids(page, 'sort')), new Set([...before, 70, 71, 72, 73]));
    }));

  test('an action is pending until it is acknowledged', () =>
    on(async (page, set) => {
      // Long enough to be seen, on a busy machine too.
      set.state.slow = 2500;
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
      set.worlds.direct.change('moderation', { [`q/${first}`]: { ...known(set, first), version: 2, state: 'declined', by: 'Karim', reason: { code: 'duplicate' } } });
      await toast(page, `Question ${first} changée entre-temps par Karim`);
      assert.equal(known(set, first).state, 'declined');
    }));

  test('opening a question claims it, another one lets it go, and a colleague sees both', () =>
    on(async (page, set) => {
      const karim = await openPage(browser, set.url('/e/direct/moderate#key=karim'), { width: 1440 });
      await karim.waitForSelector('.col article');
      await choose(page, 58);
      await page.locator('article[data-id="58"] .claim', { hasText: 'Vous' }).waitFor();
      await karim.locator('article[data-id="58"] .claim', { hasText: 'Claire lit' }).waitFor();
      await choose(page, 59);
      await karim.locator('article[data-id="59"] .claim', { hasText: 'Claire lit' }).waitFor();
      await karim.waitForFunction(() => !document.querySelector('article[data-id="58"] .claim'));
      await karim.context().close();
    }));

  test('a line that comes back asks for the claim again, once', () =>
    on(async (page, set) => {
      await choose(page, 58);
      await heard(set, 'claim');
      set.leave();
      await page.waitForSelector('.conn[data-state="offline"]');
      set.back();
      await page.waitForSelector('.conn[data-state="live"]');
      await heard(set, 'claim', (claim) => claim !== sent(set, 'claim')[0]);
      // Whatever else was sent came before this.
      await page.keyboard.press('a');
      await enters(page, 'kept', 58);
      assert.deepEqual(sent(set, 'claim').map(({ question }) => question), [58, 58]);
      assert.deepEqual(page.errors.filter((error) => !/WebSocket|ERR_/.test(error)), []);
    }));

  test('two moderators on one question: the second is refused by name, takes over explicitly, and the first is told', () =>
    on(async (page, set) => {
      const karim = await openPage(browser, set.url('/e/direct/moderate#key=karim'), { width: 1440 });
      await karim.waitForSelector('.col article');
      await choose(page, 58);
      await karim.locator('article[data-id="58"] .claim', { hasText: 'Claire lit' }).waitFor();
      await choose(karim, 58);
      await karim.keyboard.press('a');
      await toast(karim, 'Claire Meyer s’en occupe');
      assert.equal(known(set, 58).state, 'received', 'nothing was done');
      await karim.locator('.toast').getByRole('button', { name: 'Reprendre' }).click();
      await karim.locator('article[data-id="58"] .claim', { hasText: 'Vous' }).waitFor();
      await page.locator('article[data-id="58"] .claim', { hasText: 'Karim lit' }).waitFor();
      await choose(page, 58);
      await page.locator('.drawer .banner', { hasText: 'Karim Benali s’en occupe' }).waitFor();
      await choose(karim, 58);
      await karim.keyboard.press('a');
      await enters(karim, 'kept', 58);
      await enters(page, 'kept', 58);
      await karim.context().close();
    }));

  test('the claimed one is mine to filter; the other filters narrow every column', () =>
    on(async (page) => {
      await choose(page, 59);
      await page.locator('article[data-id="59"] .claim').waitFor();
      await button(page, 'Filtres').click();
      await page.getByRole('switch', { name: 'Prises par moi' }).click();
      await page.waitForFunction(() => document.querySelectorAll('.col article').length === 1);
      assert.deepEqual(await ids(page, 'sort'), [59]);
      await button(page, 'Tout montrer').click();
      await page.getByRole('combobox', { name: 'Public' }).first().selectOption('parent');
      await page.waitForFunction(() => document.querySelectorAll('.col article').length < 8);
      const shown = await page.$$eval('.col article', (cards) => cards.map((card) => Number(card.dataset.id)));
      assert.deepEqual(shown.sort(), [46, 48, 61]);
    }));

  test('the queue is closed and reviewed after by one switch each', () =>
    on(
      async (page, set) => {
        await page.getByRole('switch', { name: 'Questions ouvertes' }).click();
        await toast(page, 'Questions fermées');
        await button(page, 'Publier d’abord').click();
        await toast(page, 'publiées');
        assert.deepEqual(sent(set, 'queue').map(({ open, moderation }) => open ?? moderation), [false, 'after']);
      },
      { width: 1600 },
    ));
});

describe('many at once', () => {
  test('a lot is selected with Space and Shift, approved as one, and taken back as one', () =>
    on(async (page, set) => {
      const lot = (await ids(page, 'sort')).slice(0, 3);
      await page.keyboard.press('Space');
      await page.keyboard.press('Shift+J');
      await page.keyboard.press('Shift+J');
      await page.locator('.drawer h2', { hasText: '3 questions choisies' }).waitFor();
      await page.keyboard.press('a');
      await toast(page, '3 questions retenues');
      for (const id of lot) await enters(page, 'kept', id);
      assert.deepEqual(sent(set, 'bulk')[0].items.map((item) => item.question).sort(), lot.sort());
      await page.locator('.toast').getByRole('button').click();
      await toast(page, 'Annulé pour 3 questions');
      for (const id of lot) await enters(page, 'sort', id);
      assert.equal(sent(set, 'bulk')[1].act, 'undo');
    }));

  test('one of the lot that a colleague works on comes back with the reason; a theme goes to all', () =>
    on(async (page, set) => {
      await page.getByRole('checkbox', { name: 'Choisir la question 59' }).check();
      await page.getByRole('checkbox', { name: 'Choisir la question 60' }).check();
      await page.keyboard.press('t');
      await page.selectOption('#m-theme', 'gouvernance');
      await toast(page, 'Thème changé pour 1 question. 1 est revenue : Question 60 : Karim Benali s’en occupe');
      assert.equal(known(set, 59).theme, 'gouvernance');
      await page.locator('article[data-id="60"]', { hasText: 'Refusé' }).waitFor();
      await page.getByRole('checkbox', { name: 'Choisir la question 59' }).check();
      await page.keyboard.press('r');
      await page.keyboard.press('2');
      await leaves(page, 'sort', 59);
      assert.deepEqual(sent(set, 'bulk').at(-1).reason, { code: 'duplicate' });
    }));

  test('five hundred waiting and twenty more a second: the page holds a few dozen cards and keys take less than a frame', () =>
    on(async (page, set) => {
      const many = Object.assign({}, ...Array.from({ length: 500 }, (_, index) => question(1000 + index, { asked_at: Date.now() + index, text: `Question numéro ${index}, ${'assez longue pour deux lignes '.repeat(index % 4)}` })));
      set.worlds.direct.change('moderation', many);
      await page.locator('.fresh').click();
      await page.locator('.col[data-column="sort"] .count', { hasText: '504' }).first().waitFor();
      let next = 2000;
      const arrivals = setInterval(() => set.worlds.direct.change('moderation', question(next++)), 50);
      const took = await page.evaluate(async () => {
        const host = document.querySelector('pl-moderator');
        const times = [];
        for (let press = 0; press < 60; press += 1) {
          const began = performance.now();
          dispatchEvent(new KeyboardEvent('keydown', { key: press < 45 ? 'j' : 'k', bubbles: true }));
          await host.updateComplete;
          host.getBoundingClientRect();
          times.push(performance.now() - began);
          await new Promise((frame) => requestAnimationFrame(frame));
        }
        return times.sort((a, b) => a - b)[30];
      });
      clearInterval(arrivals);
      assert.ok(took < 16, `half of the presses took more than ${took} ms`);
      assert.ok((await page.locator('article').count()) < 80, 'only what is in sight is in the page');
      const card = page.locator('article[aria-current="true"]');
      assert.equal(Number(await card.getAttribute('aria-posinset')) > 25, true);
      await page.waitForFunction(() => {
        const box = document.querySelector('article[aria-current="true"]').getBoundingClientRect();
        return box.top >= 0 && box.bottom <= innerHeight;
      });
      await page.locator('.fresh', { hasText: 'nouvelles' }).waitFor();
      await page.keyboard.press('a');
      await toast(page, 'retenue');
    }));
});

describe('the tools', () => {
  test('balance in detail: the fairest next one is staged first with its reason', () =>
    on(async (page, set) => {
      await button(page, 'Équilibre en détail').click();
      await page.locator('.fair', { hasText: 'Agent : 10 % des questions, 0 % à l’antenne' }).waitFor();
      await button(page, 'En tête du conducteur').click();
      await page.waitForFunction(() => document.querySelectorAll('.col[data-column="running"] article')[1]?.dataset.id === '53');
      assert.equal((await heard(set, 'move')).to, 1);
      await page.getByText('Elle est déjà la suivante').waitFor();
    }));

  test('rules: only what was changed is sent, for now or for a session', () =>
    on(async (page, set) => {
      const open = async () => {
        await page.getByLabel('Outils').click();
        await button(page, 'Règles des questions').click();
        await page.locator('pl-mod-rules dialog[open]').waitFor();
      };
      await open();
      await page.fill('#m-slow_mode_s', '30');
      await page.getByRole('checkbox', { name: 'Gouvernance' }).uncheck();
      await button(page, 'Enregistrer').click();
      await toast(page, 'Règles enregistrées');
      const { slow_mode_s, themes, names } = sent(set, 'policy')[0];
      assert.deepEqual({ slow_mode_s, themes, names }, { slow_mode_s: 30, themes: ['egal-acces', 'enseigner', 'ensemble', 'responsable'], names: undefined });
      await open();
      await page.selectOption('#m-when', 'gouvernance');
      await page.getByRole('switch', { name: 'Jeune public' }).click();
      await button(page, 'Enregistrer').click();
      await page.waitForFunction(() => !document.querySelector('pl-mod-rules dialog[open]'));
      assert.deepEqual((({ session, young, open }) => ({ session, young, open }))(sent(set, 'policy')[1]), { session: 'gouvernance', young: true, open: undefined });
    }));

  test('a session that has rules of its own can be given the event’s again', () =>
    on(async (page, set) => {
      await page.getByLabel('Outils').click();
      await button(page, 'Règles des questions').click();
      await page.locator('pl-mod-rules dialog[open]').waitFor();
      assert.equal(await button(page, 'Comme l’événement').count(), 0, 'the rules of now are the event’s');
      await page.selectOption('#m-when', 'gouvernance');
      assert.equal(await button(page, 'Comme l’événement').count(), 0, 'it has none of its own');
      await page.selectOption('#m-when', 'enseigner');
      await page.locator('#m-when option:checked', { hasText: 'a ses règles' }).waitFor({ state: 'attached' });
      await button(page, 'Comme l’événement').click();
      await toast(page, 'Règles enregistrées');
      const [{ session, rules, young }] = sent(set, 'policy');
      assert.deepEqual({ session, rules, young }, { session: 'enseigner', rules: null, young: undefined });
      await page.waitForFunction(() => !/a ses règles/.test(document.querySelector('#m-when').textContent));
    }));

  test('the journal lists who did what, older ones on demand, and opens a question', () =>
    on(async (page) => {
      await page.getByLabel('Outils').click();
      await button(page, 'Journal des actions').click();
      await page.locator('.journal li').first().waitFor();
      assert.match(await page.locator('.journal li').first().innerText(), /Mise à l’antenne \(Claire Meyer\)/);
      await page.locator('.journal li', { hasText: 'Hors du sujet' }).waitFor();
      const before = await page.locator('.journal li').count();
      await button(page, 'Plus anciennes').last().click();
      await page.waitForFunction((n) => document.querySelectorAll('.journal li').length > n, before);
      await page.locator('.journal').getByRole('button', { name: 'Question 35' }).click();
      await page.waitForSelector('article[data-id="35"][aria-current="true"]');
    }));

  test('the export comes with the key in a header and is saved as a file', () =>
    on(async (page) => {
      await page.getByLabel('Outils').click();
      const saving = page.waitForEvent('download');
      await button(page, 'LibreOffice (ods)').click();
      const download = await saving;
      assert.equal(download.suggestedFilename(), 'questions-direct.ods');
      assert.equal(await readFile(await download.path(), 'utf8'), 'questions of direct as ods');
    }));

  test('hands: the first is called, the line is changed, one is dismissed, who is ready gets the floor', () =>
    on(async (page, set) => {
      const hands = page.locator('.hands li');
      assert.match(await hands.first().innerText(), /Hugo Lambert/);
      await page.getByRole('button', { name: 'Faire passer avant : Sans nom' }).click();
      await page.waitForFunction(() => document.querySelectorAll('.hands li')[1]?.textContent.includes('Sans nom'));
      await page.getByRole('button', { name: 'Appeler : Fatou Diop' }).click();
      await page.locator('.hands li', { hasText: 'Fatou Diop' }).filter({ hasText: 'Appelé' }).waitFor();
      const fatou = set.worlds.direct.topics.moderation.map.get('hand/2');
      set.worlds.direct.change('moderation', { 'hand/2': { ...fatou, state: 'ready', version: fatou.version + 1 } });
      await page.getByRole('button', { name: 'Donner la parole : Fatou Diop' }).click();
      await page.getByRole('button', { name: 'Terminé : Fatou Diop' }).click();
      await page.getByRole('button', { name: 'Écarter la demande : Hugo Lambert' }).click();
      await page.waitForFunction(() => document.querySelectorAll('.hands li').length === 1);
      assert.deepEqual(['call', 'speaking', 'hand_done', 'dismiss'].map((name) => sent(set, name)[0].hand), [2, 2, 2, 1]);
    }));
});

test('a phone shows one column, opens the question as a sheet, and closes it; a selection acts from the foot', () =>
  on(
    async (page) => {
      await page.getByRole('checkbox', { name: 'Choisir la question 58' }).check();
      await button(page, 'Agir').click();
      await page.locator('.drawer h2', { hasText: '1 question choisie' }).waitFor();
      await page.locator('.drawer').getByRole('button', { name: 'Ne rien choisir' }).click();
      await page.getByRole('button', { name: /^Fermer la question/ }).click();
      await page.getByRole('button', { name: /^Retenues/ }).first().click();
      await page.waitForFunction(() => [...document.querySelectorAll('.col')].filter((col) => col.offsetParent).length === 1);
      await page.locator('.col[data-column="kept"] article').first().click();
      await page.locator('.drawer').waitFor();
      await page.getByRole('button', { name: /^Fermer la question/ }).click();
      await page.locator('.drawer').waitFor({ state: 'detached' });
    },
    { width: 360, height: 740 },
  ));

for (const [theme, width] of [['light', 1440], ['dark', 1440], ['light', 1920], ['light', 1024], ['light', 390], ['dark', 360]]) {
  test(`axe refuses nothing, ${theme} ${width}`, () => on((page) => clean(page, 'moderator'), { theme, width, height: 900 }));
}

const tool = async (page, name) => {
  await page.getByLabel('Outils').click();
  await button(page, name).click();
};
const escape = (page) => page.keyboard.press('Escape');
/** States of the page: how a person gets there, and back. */
const STATES = {
  reasons: [(page) => page.keyboard.press('r'), escape],
  editing: [(page) => page.keyboard.press('e'), escape],
  reply: [(page) => button(page, 'Répondre par écrit').click(), escape],
  staged: [(page) => choose(page, 48)],
  taken: [(page) => choose(page, 60)],
  lot: [(page) => page.getByRole('checkbox', { name: 'Choisir la question 59' }).check(), escape],
  balance: [(page) => page.click('.fairbtn'), (page) => page.click('.fairbtn')],
  filters: [(page) => page.click('.filterbtn'), (page) => page.click('.filterbtn')],
  empty: [(page) => page.fill('#m-search', 'introuvable'), (page) => page.fill('#m-search', '')],
  menu: [(page) => page.getByLabel('Outils').click(), (page) => page.getByLabel('Outils').click()],
  rules: [(page) => tool(page, 'Règles des questions'), escape],
  journal: [async (page) => (await tool(page, 'Journal des actions'), page.locator('.journal li').first().waitFor()), escape],
  help: [(page) => page.keyboard.press('?'), escape],
  away: [async (page, set) => (set.leave(), page.waitForSelector('.footline'))],
};
for (const theme of ['light', 'dark']) {
  test(`axe refuses nothing in any state, ${theme}`, () =>
    on(
      async (page, set) => {
        for (const [name, [go, back]] of Object.entries(STATES)) {
          await go(page, set);
          await clean(page, `moderator-${name}`);
          await back?.(page);
        }
      },
      { theme },
    ));
}

test('while the questions are on their way the columns say so, and so they do when there is no line', () =>
  desk(browser, stageSet, '/e/muet/moderate#key=moderator', '.col .skeleton', async (page, set) => {
    await clean(page, 'moderator-loading');
    set.leave();
    await page.locator('.col', { hasText: 'Les questions n’ont pas pu être lues' }).first().waitFor();
    await clean(page, 'moderator-failed');
  }));

test('in English every word is English', () =>
  on(
    async (page) => {
      await page.getByLabel('Tools').click();
      const words = await page.locator('pl-moderator').innerText();
      assert.match(words, /To sort/);
      assert.doesNotMatch(words, /À trier|Retenir|soutien|Choisir|salle|Règles|Fusionner/);
      await page.locator('article[data-id="58"] .q__text').click();
      await page.keyboard.press('?');
      const keys = await page.locator('#m-help').innerText();
      assert.doesNotMatch(keys, /Espace|Entrée|Échap/);
    },
    { locale: 'en-GB' },
  ));
