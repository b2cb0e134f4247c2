// The parts of the moderator's page that decide without a browser.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url).pathname;
let folder;
let ui;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pleniere-moderator-'));
  const outfile = join(folder, 'ui.mjs');
  await build({
    stdin: {
      contents: ['window', 'filters', 'columns', 'arrivals', 'balance'].map((name) => `export * from './src/pages/moderator/${name}.ts';`).join('\n'),
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    logLevel: 'error',
    tsconfig: join(root, 'tsconfig.json'),
  });
  ui = await import(pathToFileURL(outfile));
});
after(() => rm(folder, { recursive: true, force: true }));

const q = (id, more = {}) => ({ id, number: id, state: 'received', text: `Question ${id}`, votes: 0, asked_at: id, ...more });
const ids = (list) => list.map((one) => one.id);

test('a window draws what is in sight, and the room of the rest stays the same wherever one scrolls', () => {
  const heights = Array.from({ length: 500 }, (_, index) => 90 + (index % 5) * 13);
  const whole = heights.reduce((sum, height) => sum + height + 8, -8);
  for (let top = -300; top < whole + 300; top += 777) {
    const seen = ui.span(heights, 8, top, 900, 500);
    assert.ok(seen.to - seen.from <= 25, 'a few dozen at most');
    for (const also of [-1, 0, 250, 499]) {
      const parts = ui.pieces(heights, 8, seen, also);
      const tall = parts.reduce((sum, part) => sum + ('row' in part ? heights[part.row] : part.space) + 8, -8);
      assert.equal(tall, whole, `scrolled to ${top}, with ${also}`);
      const rows = parts.filter((part) => 'row' in part).map((part) => part.row);
      assert.deepEqual(rows, [...rows].sort((a, b) => a - b), 'in order');
      assert.ok(also < 0 || rows.includes(also), 'the chosen one is always there');
    }
  }
  assert.deepEqual(ui.pieces([], 8, ui.span([], 8, 0, 900, 500), -1), []);
});

test('the search finds every word, without case or accents; a number finds that number only', () => {
  const one = q(42, { text: 'Où sont les élèves ?', name: 'Inès' });
  for (const words of ['eleves OU', 'ines', '42', '  ', 'Élè']) assert.equal(ui.searcher(words)(one), true, words);
  for (const words of ['eleves loin', '4', '421']) assert.equal(ui.searcher(words)(one), false, words);
});

test('filters add up; one can ask for what has no tag; nothing set is nothing filtered', () => {
  const list = [q(1, { theme: 'a', public: 'p' }), q(2, { theme: 'a' }), q(3, { state: 'held' })];
  const pass = (more) => ids(ui.passing(list, { ...ui.NO_FILTERS, ...more }, ({ id }) => id === 2));
  assert.equal(ui.passing(list, ui.NO_FILTERS, () => false), list);
  assert.deepEqual(pass({ theme: 'a' }), [1, 2]);
  assert.deepEqual(pass({ theme: 'a', public: ui.NONE }), [2]);
  assert.deepEqual(pass({ state: 'held' }), [3]);
  assert.deepEqual(pass({ mine: true }), [2]);
  assert.equal(ui.countOf({ ...ui.NO_FILTERS, search: 'x', mine: true, theme: 'a' }), 2);
});

test('each question stands in one column at most; withdrawn ones in none', () => {
  const states = ['received', 'held', 'approved', 'staged', 'on_air', 'answered', 'declined', 'deferred', 'merged', 'withdrawn'];
  const list = states.map((state, index) => q(index + 1, { state }));
  const open = [...ui.toSort(list, 'oldest'), ...ui.kept(list, 'votes', () => 0), ...ui.running(list)];
  assert.deepEqual(ids(open).sort(), [1, 2, 3, 4, 5]);
  const closed = ui.CLOSED.flatMap((state) => ui.toSort(list, state));
  assert.deepEqual(ids(closed).sort(), [6, 7, 8, 9]);
});

test('on air comes first, then the stage list by rank; a range is the same from both ends', () => {
  const list = [q(1, { state: 'staged', rank: 2 }), q(2, { state: 'on_air' }), q(3, { state: 'staged', rank: 1 })];
  assert.deepEqual(ids(ui.running(list)), [2, 3, 1]);
  assert.deepEqual(ui.between(list, 1, 3), [1, 2, 3]);
  assert.deepEqual(ui.between(list, 3, 2), [2, 3]);
  assert.deepEqual(ui.between(list, 99, 2), [2], 'where the range began is gone');
});

test('the order of fairness puts first whose voice is missing on air', () => {
  const balance = { public: { eleve: { asked: 5, approved: 2, aired: 0 }, parent: { asked: 5, approved: 2, aired: 4 } }, site: {}, theme: {} };
  const list = [q(1, { state: 'approved', public: 'parent', votes: 50 }), q(2, { state: 'approved', public: 'eleve', votes: 1 })];
  assert.deepEqual(ids(ui.kept(list, 'balance', ui.missing(balance))), [2, 1]);
  assert.deepEqual(ids(ui.kept(list, 'votes', ui.missing(balance))), [1, 2]);
});

test('arrivals wait until asked for; with nothing left to read they come at once', () => {
  const arrivals = new ui.Arrivals();
  assert.deepEqual(ids(arrivals.split([q(1), q(2)]).shown), [1, 2]);
  const { shown, waiting } = arrivals.split([q(1), q(2), q(3)]);
  assert.deepEqual([ids(shown), ids(waiting)], [[1, 2], [3]]);
  assert.deepEqual(ids(arrivals.split([q(4)]).shown), [4]);
});
