// The parts of the pages that decide without a browser.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { crc8, decodeStrip } from './browser.mjs';

const root = new URL('..', import.meta.url).pathname;
let folder;
let ui;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pleniere-ui-'));
  const outfile = join(folder, 'ui.mjs');
  await build({
    stdin: {
      contents: `
        export { Stepped } from './src/live/stepped.ts';
        export { ServerClock } from './src/live/clock.ts';
        export { claims } from './src/live/key.ts';
        export { iceServersOf } from './src/live/sdp.ts';
        export { eventId, eventPage } from './src/live/event.ts';
        export { alike } from './src/pages/viewer/alike.ts';
        export { current, parts } from './src/pages/replay/chapters.ts';
        export * as format from './src/locales/index.ts';
        import * as commonFr from './src/locales/fr/common.ts'; import * as viewerFr from './src/locales/fr/viewer.ts';
        import * as handFr from './src/locales/fr/viewer-hand.ts';
        import * as playerFr from './src/locales/fr/player.ts'; import * as replayFr from './src/locales/fr/replay.ts';
        import * as goneFr from './src/locales/fr/gone.ts'; import * as eventsFr from './src/locales/fr/events.ts';
        import * as siteFr from './src/locales/fr/site.ts'; import * as stageFr from './src/locales/fr/stage.ts';
        import * as directorFr from './src/locales/fr/director.ts';
        export const french = [siteFr.fr, stageFr.fr, directorFr.fr, commonFr.fr, viewerFr.fr, handFr.fr, playerFr.fr, replayFr.fr, goneFr.fr, eventsFr.fr];
      `,
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
  // Only afterwards: Lit looks for a whole document when it loads.
  globalThis.document ??= { documentElement: { lang: 'fr' } };
});

after(() => rm(folder, { recursive: true, force: true }));

test('a value is shown when the picture reaches its time, and the one before when one goes back', () => {
  const scene = new ui.Stepped();
  scene.hear('mosaic', 1000);
  scene.hear('full', 5000);
  assert.equal(scene.at(4999), 'mosaic');
  assert.equal(scene.at(5000), 'full');
  assert.equal(scene.at(1500), 'mosaic');
  assert.equal(scene.at(undefined), 'full', 'without a picture, the present');
  assert.equal(scene.at(10), 'mosaic', 'before all that is known, the oldest known');
});

test('a value taken away is gone from its time on', () => {
  const air = new ui.Stepped();
  air.hear('42', 1000);
  air.hear(undefined, 9000);
  assert.equal(air.at(8000), '42');
  assert.equal(air.at(9500), undefined);
});

test('STUN and TURN servers are read from Link, and nothing else of it', () => {
  assert.deepEqual(ui.iceServersOf(null), []);
  const link =
    '<turn:t.example?transport=tcp>; rel="ice-server"; username="a, b"; credential="q\\"; x"; credential-type="password", ' +
    '<stun:s.example>; rel=ice-server, <https://e.example/sse>; rel="urn:ietf:params:whep:ext:core:server-sent-events", <https://x>; rel="ice-server"';
  assert.deepEqual(ui.iceServersOf(link), [
    { urls: 'turn:t.example?transport=tcp', username: 'a, b', credential: 'q"; x' },
    { urls: 'stun:s.example' },
  ]);
});

test('the server clock prefers the quickest exchange', () => {
  const clock = new ui.ServerClock();
  const far = performance.timeOrigin + performance.now() + 3_600_000;
  clock.sample(far, 100, 140);
  const good = clock.now();
  clock.sample(far + 5_000_000, 100, 2100);
  assert.ok(Math.abs(clock.now() - good) < 1000, 'a slow exchange does not move it');
});

test('an address says its event and its page', () => {
  assert.equal(ui.eventId('/e/grand-est/site/nancy'), 'grand-est');
  assert.equal(ui.eventPage('/e/grand-est/site/nancy'), 'site/nancy');
  assert.equal(ui.eventPage('/e/grand-est/'), '');
  assert.equal(ui.eventId('/'), '');
});

test('a key that is not one has no claims', () => {
  const claims = Buffer.from(JSON.stringify({ role: 'site', event: 'e', name: 'Élodie' })).toString('base64url');
  assert.equal(ui.claims(`${claims}.sig`).name, 'Élodie');
  for (const bad of ['', '.', 'x.y', '####', claims.slice(3)]) assert.equal(ui.claims(bad), undefined);
});

test('a question that looks like another one is offered, others are not', () => {
  const asked = [
    { id: 38, text: 'D’où viendront les ordinateurs prêtés aux familles ?' },
    { id: 44, text: 'Comment aider un collègue qui n’ose pas se lancer ?' },
  ];
  assert.deepEqual(ui.alike('Comment prêter des ordinateurs aux familles ?', asked).map((q) => q.id), [38]);
  assert.deepEqual(ui.alike('Comment', asked), []);
  assert.deepEqual(ui.alike('Quelle place pour le dessin à l’école ?', asked), []);
});

test('chapters: questions sit in their session, the current one is the last begun', () => {
  const chapters = [
    { offset_s: 20, kind: 'session', title: 'B' },
    { offset_s: 0, kind: 'session', title: 'A' },
    { offset_s: 25, kind: 'question', title: 'q', question: 4, end_offset_s: 30 },
  ];
  assert.deepEqual(ui.parts(chapters).map((part) => [part.session.title, part.questions.length]), [['A', 0], ['B', 1]]);
  assert.equal(ui.current(chapters, 26).title, 'q');
  assert.equal(ui.current(chapters, 31).title, 'B', 'a question that has ended gives way to its session');
  assert.equal(ui.current([], 3), undefined);
});

test('the strip gives its time back, and refuses a wrong check or no strip', () => {
  const made = Date.now() - 1234;
  const low = made % 2 ** 40;
  const bytes = [32, 24, 16, 8, 0].map((shift) => Math.floor(low / 2 ** shift) % 256);
  const bits = [...bytes, crc8(bytes)].flatMap((byte) => Array.from({ length: 8 }, (_, i) => (byte >> (7 - i)) & 1));
  assert.equal(decodeStrip(bits, Date.now()), made);
  assert.equal(decodeStrip(bits.map((bit, i) => (i === 7 ? 1 - bit : bit)), Date.now()), undefined);
  assert.equal(decodeStrip(Array(48).fill(0), Date.now()), undefined);
});

test('times and sizes read as in French', () => {
  const { format } = ui;
  assert.equal(format.clockText(4273), '1:11:13');
  assert.equal(format.clockText(247), '4:07');
  assert.equal(format.duration(80), '1\u00a0min\u00a020');
  assert.equal(format.duration(12), '12\u00a0s');
  assert.equal(format.plural(0, 'a', 'b', 'fr'), 'a');
  assert.equal(format.plural(0, 'a', 'b', 'en'), 'b');
  assert.equal(format.time(Date.UTC(2020, 9, 13, 7, 30), 'Europe/Paris'), '09:30');
});

test('French words keep their spaces before ? ! ; : and use the typographic apostrophe', () => {
  const wrong = [];
  /** What a function of words says, of numbers or of names. */
  const spoken = (say) => {
    const of = (one) => say(...Array.from({ length: say.length }, () => one));
    try {
      return of(3);
    } catch {
      return of('mot');
    }
  };
  const look = (value, path) => {
    if (typeof value === 'string') {
      if (/ [?!;:»]|« |'/.test(value)) wrong.push(`${path}: ${value}`);
    } else if (value && typeof value === 'object') for (const [key, one] of Object.entries(value)) look(one, `${path}.${key}`);
    else if (typeof value === 'function') {
      const said = spoken(value);
      if (typeof said === 'string') look(said, path);
    }
  };
  for (const catalogue of ui.french) look(catalogue, '');
  assert.deepEqual(wrong, []);
});
