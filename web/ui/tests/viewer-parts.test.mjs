// The parts of the viewer's page and of its connection that decide without a browser.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url).pathname;
let folder;
let ui;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pleniere-viewer-'));
  const outfile = join(folder, 'viewer.mjs');
  const contents = `
    export { waitMs, backInMs } from './src/live/backoff.ts';
    export { emptyTopic, learnt } from './src/live/topics.ts';
    export { clean, isEmpty, lengthOf } from './src/pages/viewer/clean.ts';
    export { Order } from './src/pages/viewer/order.ts';
    export { Speech } from './src/pages/viewer/speech.ts';
  `;
  await build({ stdin: { contents, resolveDir: root, loader: 'ts' }, bundle: true, format: 'esm', platform: 'node', outfile, logLevel: 'error', tsconfig: join(root, 'tsconfig.json') });
  ui = await import(pathToFileURL(outfile));
});
after(() => rm(folder, { recursive: true, force: true }));

describe('coming back', () => {
  const loss = (some) => ({ attempt: 0, code: 1006, reason: '', spreadMs: 0, ...some });
  const most = () => 1;

  test('each wait may be nothing, and at most twice the last, up to eight seconds', () => {
    assert.deepEqual([0, 1, 2, 3, 4, 50].map((attempt) => ui.waitMs(loss({ attempt }), most)), [1000, 2000, 4000, 8000, 8000, 8000]);
    assert.equal(ui.waitMs(loss({ attempt: 3 }), () => 0), 0);
  });

  test('ten thousand come back over the whole spread the server asked for, none later', () => {
    const waits = Array.from({ length: 10_000 }, () => ui.waitMs(loss({ spreadMs: 10_000 })));
    assert.ok(Math.max(...waits) <= 11_000);
    const each = Array.from({ length: 10 }, (_, second) => waits.filter((ms) => ms >= second * 1000 && ms < (second + 1) * 1000).length);
    assert.ok(Math.max(...each) < 1200, `in the fullest second: ${Math.max(...each)}`);
    assert.ok(Math.min(...each.slice(1)) > 800, `in the emptiest second but the first: ${Math.min(...each.slice(1))}`);
  });

  test('a restart says when this client is to come, and is obeyed once', () => {
    assert.equal(ui.waitMs(loss({ code: 1012, reason: 'back in 2750 ms', spreadMs: 20_000 }), most), 2750);
    assert.equal(ui.waitMs(loss({ attempt: 1, code: 1012, reason: 'back in 2750 ms' }), most), 2000);
    assert.equal(ui.backInMs('back in 999999999 ms'), 60_000, 'nobody is sent away for hours');
    for (const odd of ['', 'restart', 'back in ms', 'back in -5 ms', 'back in 5 s']) assert.equal(ui.backInMs(odd), undefined);
  });

  test('a slow reader is not spread: the server is there', () => {
    assert.equal(ui.waitMs(loss({ code: 4409, spreadMs: 20_000 }), most), 1000);
  });
});

describe('a topic', () => {
  const snapshot = (offset, set, epoch = 'e1') => ({ epoch, offset, snapshot: true, set });
  const change = (offset, set, unset = [], epoch = 'e1') => ({ epoch, offset, set, unset });

  test('whatever comes twice or late, nothing is lost and nothing is doubled', () => {
    // A server's log, delivered with repeats; after a hole the client asks again from where it was.
    const log = Array.from({ length: 200 }, (_, n) => (n % 7 === 3 ? change(n + 2, {}, [`k${n - 3}`]) : change(n + 2, { [`k${n % 40}`]: n })));
    const truth = new Map();
    for (const { set, unset } of log) {
      for (const [key, value] of Object.entries(set)) truth.set(key, value);
      for (const key of unset) truth.delete(key);
    }
    let seed = 7;
    const dice = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    let topic = ui.learnt(ui.emptyTopic(), snapshot(1, {}));
    while (topic.offset < log.length + 1) {
      const from = Math.max(0, topic.offset - 1 - Math.floor(dice() * 5));
      for (const message of log.slice(from, from + 10)) {
        if (dice() < 0.1) continue; // lost on its way
        const next = ui.learnt(topic, message);
        if (next === 'hole') break;
        topic = next;
      }
    }
    assert.deepEqual([...topic.map].sort(), [...truth].sort());
  });

  test('another epoch is not mixed with this one; a snapshot replaces all', () => {
    const topic = ui.learnt(ui.emptyTopic(), snapshot(9, { a: 1 }));
    assert.equal(ui.learnt(topic, change(10, { a: 2 }, [], 'e2')), 'hole');
    assert.equal(ui.learnt(topic, change(11, { a: 2 })), 'hole');
    assert.equal(ui.learnt(topic, change(9, { a: 2 })), topic, 'known already');
    assert.deepEqual([...ui.learnt(topic, snapshot(2, { b: 1 }, 'e2')).map], [['b', 1]]);
  });
});

describe('a text is counted as the server keeps it', () => {
  test('what cannot be seen does not count, what can be seen does', () => {
    assert.equal(ui.clean('  deux\r\n\tlignes\u2028ici '), 'deux lignes ici');
    assert.equal(ui.clean('ab\u202Ecd\u200Bef\u0007\u{E0041}'), 'abcdef');
    assert.equal(ui.lengthOf(ui.clean('e\u0301te\u0301')), 3);
    assert.equal(ui.clean('a\u200D\u200D b\u200D'), 'a b');
    assert.equal(ui.lengthOf(ui.clean(`z${'\u0301\u0323'.repeat(40)}!`)), ui.lengthOf(ui.clean('z')) + 1 + 4);
    assert.equal(ui.lengthOf('👩‍🏫'), 3);
    for (const text of ['Où en est la 5G à Mulhouse ?', 'שָׁלוֹם עולם', 'क्या यह काम करता है?', '👩‍🏫 <b>x</b>']) assert.equal(ui.clean(text), text);
  });

  test('without a letter or a digit it is empty', () => {
    for (const text of ['', ' \n', '?!…', '\u200B\u2800', '\u0301']) assert.ok(ui.isEmpty(ui.clean(text)), JSON.stringify(text));
    for (const text of ['a', '5', '字', 'é ?']) assert.ok(!ui.isEmpty(ui.clean(text)), text);
  });
});

describe('the order of others’ questions', () => {
  const q = (id, votes, asked_at = id) => ({ id, number: id, text: `q${id}`, state: 'approved', votes, asked_at });
  const ids = (shown) => shown.list.map((one) => one.id);

  test('by votes or by time while nobody reads', () => {
    const order = new ui.Order();
    assert.deepEqual(ids(order.show([q(1, 2), q(2, 9), q(3, 2)], 'top', false)), [2, 1, 3]);
    assert.deepEqual(ids(order.show([q(1, 2), q(2, 9), q(3, 2)], 'recent', false)), [3, 2, 1]);
  });

  test('while somebody reads nothing moves: new ones at the end, gone ones in their place, and it says so', () => {
    const order = new ui.Order();
    order.show([q(1, 3), q(2, 2), q(3, 1)], 'top', false);
    const held = order.show([q(1, 3), q(3, 50), q(4, 70), q(5, 60)], 'top', true);
    assert.deepEqual(ids(held), [1, 2, 3, 4, 5]);
    assert.deepEqual([...held.gone], [2]);
    assert.equal(held.fresh, 2);
    assert.ok(held.stale);
    assert.equal(held.list[2].votes, 50, 'counts are the newest');
    assert.deepEqual(ids(order.show([q(1, 3), q(3, 50), q(4, 70), q(5, 60)], 'top', false)), [4, 5, 3, 1]);
  });

  test('votes that change no order say nothing', () => {
    const order = new ui.Order();
    order.show([q(1, 3), q(2, 2)], 'top', false);
    assert.equal(order.show([q(1, 4), q(2, 3)], 'top', true).stale, false);
  });
});

describe('what is said to screen readers', () => {
  test('others at most once in five seconds, summed up; one’s own at once', () => {
    const speech = new ui.Speech();
    const fresh = (n) => `${n} nouvelles questions`;
    speech.hear('fresh', fresh);
    assert.equal(speech.turn(0), '1 nouvelles questions');
    for (let n = 0; n < 3; n += 1) speech.hear('fresh', fresh);
    assert.equal(speech.turn(1000), undefined);
    assert.equal(speech.next(1000), 4000);
    speech.say('Votre question 4 est retenue.');
    assert.equal(speech.next(1200), 0);
    assert.equal(speech.turn(1200), 'Votre question 4 est retenue.');
    assert.equal(speech.turn(5000), undefined, 'five seconds after the last words');
    assert.equal(speech.turn(6200), '3 nouvelles questions');
    assert.equal(speech.next(6200), undefined);
  });

  test('one’s own does not carry others’ along too early', () => {
    const speech = new ui.Speech();
    speech.say('A.');
    assert.equal(speech.turn(0), 'A.');
    speech.hear('fresh', (n) => `${n}`);
    speech.say('B.');
    assert.equal(speech.turn(10), 'B.');
    assert.equal(speech.turn(5010), '1');
  });
});
