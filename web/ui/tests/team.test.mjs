// A team of two moderators in two browsers on the real program: claims, refusals by name, merging and undoing, lots, rules, bans,
// the journal and the files. The rooms and the picture play no part here.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { launch, openPage } from './browser.mjs';
import { binary, QUIET, rehearse, until } from './program.mjs';

let program;
let browser;
let claire;
let karim;

before(async () => {
  program = await rehearse({ args: ['--script', QUIET, '--audience', '0'] });
  browser = await launch();
  claire = await moderator('Claire Meyer');
  karim = await moderator('Karim Benali');
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

async function moderator(name) {
  const { stdout } = await promisify(execFile)(binary, ['link', 'grand-est', '--role', 'moderator', '--name', name, '--data', program.data, '--base-url', program.base]);
  const page = await openPage(browser, stdout.match(/https?:\S+/)[0], { width: 1440, height: 900 });
  await page.waitForSelector('.conn[data-state="live"]');
  return page;
}

/** Asks as a new person, each time; gives the answer. */
const post = (body, bearer) => fetch(`${program.base}/e/grand-est/questions`, { method: 'POST', headers: { 'content-type': 'application/json', ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) }, body: JSON.stringify(body) });
const ask = async (text, more = {}) => {
  const answer = await post({ text, ...more });
  const body = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(body));
  return body;
};
const listed = async () => (await (await fetch(`${program.base}/e/grand-est/questions`)).json()).questions;

const card = (page, id) => page.locator(`article[data-id="${id}"]`);
/** Shows what waits, and chooses it. */
async function choose(page, id) {
  await until(`question ${id} is listed`, async () => {
    const bar = page.locator('.fresh');
    if (await bar.count()) await bar.click();
    return (await card(page, id).count()) > 0;
  });
  await card(page, id).locator('.q__text').click();
  await page.waitForSelector(`article[data-id="${id}"][aria-current="true"]`);
}
const stands = (page, column, id) => page.waitForSelector(`.col[data-column="${column}"] article[data-id="${id}"]:not([data-pending])`);
const toast = (page, words) => page.locator('.toast', { hasText: words }).waitFor();
const button = (page, name) => page.getByRole('button', { name, exact: true });
const put = (page, order) => page.selectOption('.col[data-column="sort"] .menu', order);

describe('two moderators on one question', () => {
  test('each sees whom the other is; who opens it first has it, the other is refused by name and takes over', async () => {
    const { id } = await ask('Qui prête les ordinateurs aux familles ?');
    await choose(claire, id);
    await card(claire, id).locator('.claim', { hasText: 'Vous' }).waitFor();
    await choose(karim, id);
    await card(karim, id).locator('.claim', { hasText: 'Claire lit' }).waitFor();
    await karim.locator('.team[aria-label*="Claire Meyer"]').waitFor();
    await karim.keyboard.press('a');
    await toast(karim, 'Claire Meyer s’en occupe');
    await karim.locator('.toast').getByRole('button', { name: 'Reprendre' }).click();
    await card(karim, id).locator('.claim', { hasText: 'Vous' }).waitFor();
    await card(claire, id).locator('.claim', { hasText: 'Karim lit' }).waitFor();
    await karim.keyboard.press('a');
    await stands(claire, 'kept', id);
    assert.ok((await listed()).some((one) => one.id === id));
    await karim.keyboard.press('z');
    await stands(karim, 'sort', id);
    await until('it is not public any more', async () => !(await listed()).some((one) => one.id === id));
  });

  test('a claim ends with the page that held it', async () => {
    const odile = await moderator('Odile Martin');
    const { id } = await ask('Quand la fibre arrive-t-elle au lycée ?');
    await choose(odile, id);
    await choose(karim, id);
    await card(karim, id).locator('.claim', { hasText: 'Odile lit' }).waitFor();
    await odile.context().close();
    await until('the claim is gone', async () => (await card(karim, id).locator('.claim', { hasText: 'Odile' }).count()) === 0, 15_000);
  });
});

describe('the work of a moderator', () => {
  test('similar ones are found, united with M with their votes, and taken apart again', async () => {
    const first = await ask('Peut-on partager les cours préparés entre établissements voisins ?');
    const twin = await ask('Pourra-t-on partager des cours préparés entre établissements voisins ?');
    await choose(claire, first.id);
    await claire.keyboard.press('a');
    await stands(claire, 'kept', first.id);
    await choose(claire, twin.id);
    await claire.locator('.sim', { hasText: 'Peut-on partager' }).first().waitFor();
    await claire.keyboard.press('m');
    await toast(claire, 'réunie');
    await until('its asker counts', async () => (await listed()).find((one) => one.id === first.id)?.votes === 1);
    await put(claire, 'merged');
    await card(claire, twin.id).getByRole('button', { name: 'Séparer' }).click();
    await put(claire, 'oldest');
    await stands(claire, 'sort', twin.id);
    await until('the vote is gone', async () => (await listed()).find((one) => one.id === first.id)?.votes === 0);
  });

  test('a note, a reworded text, a written answer to all; its history tells', async () => {
    const { id } = await ask('Les manuels seront lisibles sans connexion ou pas ?', { public: undefined });
    await choose(claire, id);
    await claire.fill('#m-note', 'Voir avec Reims');
    await claire.keyboard.press('Enter');
    await karim.waitForSelector('.conn[data-state="live"]');
    await claire.locator('.hist', { hasText: 'Voir avec Reims' }).first().waitFor();
    await card(claire, id).locator('.q__text').click();
    await claire.keyboard.press('e');
    await claire.fill('#m-edit', 'Les manuels seront-ils lisibles sans connexion ?');
    await claire.keyboard.press('Enter');
    await claire.locator('.orig', { hasText: 'ou pas' }).waitFor();
    await button(claire, 'Répondre par écrit').click();
    await claire.fill('#m-writing', 'Oui, tous.');
    await button(claire, 'Envoyer la réponse').click();
    await until('everybody reads it', async () => (await listed()).find((one) => one.id === id)?.written === 'Oui, tous.');
    await put(claire, 'answered');
    await choose(claire, id);
    await button(claire, 'Tout l’historique').click();
    for (const words of ['Posée', 'Note ajoutée (Claire Meyer) : Voir avec Reims', 'Reformulée (Claire Meyer)', 'Répondue (Claire Meyer) : Oui, tous.']) await claire.locator('.hist', { hasText: words }).first().waitFor();
    await put(claire, 'oldest');
  });

  test('held, deferred, assigned and moved; each as the other page sees it', async () => {
    const held = await ask('Regardez https://exemple.example/promo, non ?');
    await choose(claire, held.id);
    await karim.locator(`.group article[data-id="${held.id}"]`, { hasText: 'contient un lien' }).or(karim.locator('.fresh')).first().waitFor();
    await claire.keyboard.press('d');
    await claire.fill('#m-writing', 'Rectorat');
    await button(claire, 'Différer').click();
    await put(karim, 'deferred');
    await card(karim, held.id).getByText('Rectorat répondra').waitFor();
    await put(karim, 'oldest');
    const staged = [await ask('Qui formera les assistants d’éducation ?'), await ask('Et les agents, auront-ils une adresse ?')];
    for (const { id } of staged) {
      await choose(claire, id);
      await claire.keyboard.press('s');
      await stands(claire, 'running', id);
    }
    await button(claire, `Monter la question ${staged[1].number}`).click();
    await until('it comes first', async () => Number(await karim.locator('.col[data-column="running"] article').first().getAttribute('data-id')) === staged[1].id);
    await choose(claire, staged[1].id);
    await claire.selectOption('#m-who', 'reims');
    await card(karim, staged[1].id).getByText('Reims répond').waitFor();
    await claire.keyboard.press('z');
    await until('the assignment is undone', async () => (await card(karim, staged[1].id).getByText('Reims répond').count()) === 0);
  });

  test('a lot is approved as one and taken back as one', async () => {
    const ids = [];
    for (const n of ['premier', 'deuxième', 'troisième']) ids.push((await ask(`Que devient le ${n} site après l’événement ?`)).id);
    await choose(claire, ids[0]);
    for (const id of ids) await card(claire, id).getByRole('checkbox').check();
    await claire.locator('.drawer h2', { hasText: '3 questions choisies' }).waitFor();
    await button(claire, 'Retenir').click();
    await toast(claire, '3 questions retenues');
    for (const id of ids) await stands(karim, 'kept', id);
    await claire.keyboard.press('z');
    for (const id of ids) await stands(claire, 'sort', id);
  });
});

describe('the rules', () => {
  const rules = async (page) => {
    await page.getByLabel('Outils').click();
    await button(page, 'Règles des questions').click();
    await page.locator('pl-mod-rules dialog[open]').waitFor();
  };

  test('who is banned is refused with the reason, and let in again', async () => {
    const { id, participant } = await ask('Première question d’un importun ?');
    await choose(claire, id);
    await button(claire, 'Exclure').click();
    await claire.fill('#m-writing', 'Insultes répétées');
    await claire.locator('.drawer__foot').getByRole('button', { name: 'Exclure' }).click();
    await claire.getByText('Auteur exclu de l’événement').waitFor();
    const refused = await post({ text: 'Une deuxième question ?' }, participant);
    assert.equal(refused.status, 403);
    assert.match(JSON.stringify(await refused.json()), /Insultes répétées/);
    await button(claire, 'Lever l’exclusion').click();
    await button(claire, 'Exclure').waitFor();
    assert.equal((await post({ text: 'Une troisième question ?' }, participant)).status, 201);
  });

  test('a rule changed by one is the rule of all', async () => {
    await rules(claire);
    await claire.fill('#m-max_length', '40');
    await claire.getByRole('switch', { name: 'Questions ouvertes' }).last().click();
    await button(claire, 'Enregistrer').click();
    await toast(claire, 'Règles enregistrées');
    await karim.locator('.top [role="switch"][aria-checked="false"]').waitFor();
    assert.equal((await post({ text: 'Est-ce encore ouvert ?' })).status, 409);
    await karim.locator('.top [role="switch"]').click();
    await claire.locator('.top [role="switch"][aria-checked="true"]').waitFor();
    assert.equal((await post({ text: 'Une question bien trop longue pour la règle de quarante ?' })).status, 400);
  });

  test('the journal tells all of it, and the list is handed on as a file', async () => {
    await karim.getByLabel('Outils').click();
    await button(karim, 'Journal des actions').click();
    for (const words of ['Auteur exclu (Claire Meyer) : Insultes répétées', 'Règles changées (Karim Benali)', 'Réunie à une autre (Claire Meyer)']) await karim.locator('.journal li', { hasText: words }).first().waitFor();
    await karim.keyboard.press('Escape');
    await karim.getByLabel('Outils').click();
    const saving = karim.waitForEvent('download');
    await button(karim, 'Tableau CSV').click();
    const csv = await readFile(await (await saving).path(), 'utf8');
    assert.match(csv, /Les manuels seront-ils lisibles sans connexion/);
  });

  test('nothing complained on the way', () => {
    for (const page of [claire, karim]) {
      assert.deepEqual(page.errors, []);
      assert.deepEqual(page.foreign, []);
    }
  });
});
