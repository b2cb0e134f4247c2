// The whole event with its own eyes: rooms, programme, question, camera, replay, and what happens when things die.
// One rehearsal of the real program for all of it; the tests run in order.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readFile, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { audioLevel, launch, openPage, pictureMoves, play, readStrip, shot } from './browser.mjs';
import { QUIET, rehearse, until } from './program.mjs';

const QUESTION = 'Qui prête les ordinateurs aux familles ?';
// `make images` renews the pictures of the README; otherwise they are looked at and thrown away.
const images = process.env.IMAGES ?? new URL('../../../target/images/', import.meta.url).pathname;

let program;
let browser;
let viewer;

before(async () => {
  program = await rehearse({ args: ['--script', QUIET, '--audience', '0'] });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

/** Red pixels of the lower third's mark in the low left of the picture: hundreds with a question on air, none without. */
const redMark = (page, selector = 'video') =>
  page.evaluate((selector) => {
    const video = document.querySelector(selector);
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 360;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 640, 360);
    const { data } = context.getImageData(0, 200, 160, 160);
    let red = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at] > 150 && data[at + 1] < 90 && data[at + 2] < 110) red += 1;
    return red;
  }, selector);

/** Mean colour of the middle of the picture. */
const colour = (page) =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 8;
    const video = document.querySelector('video');
    canvas.getContext('2d').drawImage(video, video.videoWidth / 4, video.videoHeight / 4, video.videoWidth / 2, video.videoHeight / 2, 0, 0, 8, 8);
    const { data } = canvas.getContext('2d').getImageData(0, 0, 8, 8);
    const mean = (channel) => data.filter((_, at) => at % 4 === channel).reduce((sum, value) => sum + value, 0) / 64;
    return { red: mean(0), green: mean(1), blue: mean(2) };
  });

const get = async (path) => {
  const answer = await fetch(`${program.base}/e/grand-est/${path}`);
  assert.equal(answer.status, 200, `${path}: ${answer.status}`);
  return answer;
};
const lastMsn = async () => Number((await (await get('live/v720.m3u8')).text()).match(/LAST-MSN=(\d+)/)[1]);

describe('the programme', () => {
  test('plays with picture and sound within two seconds of pressing play, less than 2.5 s behind', async () => {
    // The rooms are in the picture once the director's page would show all seven.
    await until('seven rooms joined', () => program.log.filter((line) => line.includes('took its seat')).length >= 7, 30_000);
    viewer = await openPage(browser, program.links.viewer);
    await viewer.waitForSelector('video', { state: 'attached' });
    const pressed = Date.now();
    await play(viewer);
    const started = Date.now() - pressed;
    assert.ok(started < 2000, `the picture moved ${started} ms after play`);
    assert.ok((await pictureMoves(viewer)) > 0.3, 'the picture moves');
    assert.ok((await audioLevel(viewer, { ms: 1500 })) > -45, 'there is sound');
    const seen = await until('the strip is readable', () => readStrip(viewer));
    assert.ok(seen.latency_ms > 0);
    await until('latency under 2.5 s', async () => ((await readStrip(viewer))?.latency_ms ?? 9999) < 2500);
    assert.deepEqual(viewer.errors, []);
    assert.deepEqual(viewer.foreign, [], 'nothing comes from a third party');
  });
});

/** Chooses a question by its words, and waits until the keys mean this one: a card has buttons as well. */
async function choose(page, words) {
  await page.locator('.col article .q__text', { hasText: words }).first().click();
  await page.locator('.col article[aria-current="true"]', { hasText: words }).waitFor();
}

describe('a question', () => {
  let moderator;

  test('asked by a viewer, seen by a moderator, approved, on air in the picture, answered', async () => {
    await viewer.locator('.ask__open').click();
    await viewer.locator('#a-t').fill(QUESTION);
    await viewer.locator('#a-n').fill('Inès');
    await viewer.getByRole('button', { name: 'Envoyer ma question' }).click();

    moderator = await openPage(browser, program.links.moderator, { width: 1440, height: 900 });
    await choose(moderator, 'Qui prête');
    await moderator.keyboard.press('a');
    await moderator.locator('[data-column="kept"] article', { hasText: 'Qui prête' }).waitFor();
    await viewer.getByText('Retenue').first().waitFor();

    assert.equal(await redMark(viewer), 0, 'no lower third before');
    await choose(moderator, 'Qui prête');
    await moderator.keyboard.press('o');
    await until('the lower third is in the picture', async () => (await redMark(viewer)) > 60, 15_000);
    await viewer.locator('.q[data-state="air"]', { hasText: 'Qui prête' }).waitFor();
    await shot(viewer, `${images}viewer.png`);
    await shot(moderator, `${images}moderator.png`);

    // The answer takes a few seconds, so that its chapter has some length.
    await new Promise((answer) => setTimeout(answer, 4000));
    await moderator.locator('article[data-state="air"]').getByRole('button', { name: 'Répondue' }).click();
    await until('the lower third is gone', async () => (await redMark(viewer)) === 0, 15_000);
    await viewer.getByText('Répondue').first().waitFor();
  });

  test('becomes a chapter of the replay that jumps to that moment', async () => {
    const replay = await openPage(browser, program.links.replay);
    const chapter = replay.locator('nav.chap a', { hasText: 'Qui prête les ordinateurs' });
    await chapter.waitFor({ timeout: 30_000 });
    await chapter.click();
    await replay.waitForFunction(() => document.querySelector('video')?.readyState >= 2);
    await replay.evaluate(() => document.querySelector('video').play());
    await until('the question is in the replayed picture', async () => (await redMark(replay)) > 60, 15_000);
    const offset = Number((await chapter.getAttribute('href')).match(/t=(\d+)/)[1]);
    const at = await replay.evaluate(() => document.querySelector('video').currentTime);
    assert.ok(Math.abs(at - offset) < 6, `playing at ${at} s, the chapter is at ${offset} s`);
    await replay.close();
    await moderator?.close();
  });
});

describe('a camera', () => {
  test('joins through the page of its room, takes the seat of the simulated one, and is cut into the programme', async () => {
    const room = await openPage(browser, program.links['site Strasbourg']);
    await room.getByRole('button', { name: 'Continuer' }).click();
    // A simulated room gives way by itself: nothing to ask.
    await room.getByRole('button', { name: 'Continuer' }).click({ timeout: 40_000 });
    await room.getByRole('button', { name: 'Nous sommes prêts' }).click();

    const director = await openPage(browser, program.links.director, { width: 1440, height: 900 });
    await director.locator('.tile', { hasText: 'Strasbourg' }).waitFor();
    await director.getByRole('button', { name: 'Seul', exact: true }).click();
    await director.keyboard.press('2');
    await director.keyboard.press('Enter');
    // Chromium's camera is a green field; the simulated rooms of the first two seats are blue and teal.
    await until('the camera is in the programme', async () => {
      const { red, green, blue } = await colour(viewer);
      return green > 1.6 * red && green > 1.6 * blue;
    }, 25_000);
    await room.getByText('À L’ANTENNE').first().waitFor();
    await shot(director, `${images}director.png`);
    await shot(room, `${images}site.png`);
    await director.close();
    await room.close();
  });
});

describe('integration', () => {
  test('every address of the description that can be read answers', async () => {
    const { paths } = await (await fetch(`${program.base}/api/openapi.json`)).json();
    const readable = Object.entries(paths).filter(([path, what]) => what.get && !/\{(id|recording)\}/.test(path));
    assert.ok(readable.length >= 5);
    for (const [path] of readable) {
      // The exports are the moderators' and the director's.
      const headers = path.includes('{format}') ? { authorization: `Bearer ${program.links.moderator.split('#key=')[1]}` } : {};
      // `readyz` waits for an engine that is started anew, as after a stall of a busy machine.
      const address = program.base + path.replace('{event}', 'grand-est').replace('{format}', 'csv');
      await until(`${path} answers with 200`, async () => (await fetch(address, { headers })).status === 200);
    }
    for (const path of ['agenda.ics', 'replays.rss']) await get(path);
  });
});

describe('bad input', () => {
  test('a wrong key and a missing key lead to a page that says what to do', async () => {
    const wrong = await openPage(browser, `${program.base}/e/grand-est/moderate#key=wrong.key`);
    await wrong.getByRole('heading').first().waitFor();
    await until('the page says that the link opens nothing', async () => /lien/i.test(await wrong.locator('body').innerText()));
    await wrong.close();
    const missing = await openPage(browser, `${program.base}/e/grand-est/direct`);
    await until('the page asks for a link', async () => /lien/i.test(await missing.locator('body').innerText()));
    await missing.close();
    const refused = await fetch(`${program.base}/e/grand-est/whip/nancy`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: 'Bearer wrong.key' },
      body: 'v=0\r\n',
    });
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get('content-type'), /problem\+json/);
  });

  test('garbage on every port and socket costs its sender only', async () => {
    const msn = await lastMsn();
    const noise = (length) => Buffer.from(Array.from({ length }, (_, at) => (at * 7919 + 13) % 256));
    const url = new URL(program.base);
    const port = Number(url.port);
    // The media port is named in every answer's candidates; ask for the programme to learn it.
    const offer = await viewer.evaluate(async () => {
      const peer = new RTCPeerConnection();
      peer.addTransceiver('video', { direction: 'recvonly' });
      await peer.setLocalDescription();
      const { sdp } = peer.localDescription;
      peer.close();
      return sdp;
    });
    const answer = await fetch(`${program.base}/e/grand-est/whep/programme`, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: offer });
    assert.equal(answer.status, 201);
    const media = Number((await answer.text()).match(/a=candidate:\S+ 1 udp \d+ \S+ (\d+)/i)[1]);
    const socket = createSocket('udp4');
    for (let size = 0; size < 1400; size += 3) await new Promise((sent) => socket.send(noise(size), media, '127.0.0.1', sent));
    socket.close();
    await Promise.all(
      ['GET / HTTP/9.9\r\n\r\n', '\x16\x03\x01\x02\x00', 'GET /e/grand-est/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n', noise(70_000)].map(
        (bytes) =>
          new Promise((done) => {
            const raw = connect(port, url.hostname, () => raw.end(bytes));
            raw.on('error', done).on('close', done).resume();
          }),
      ),
    );
    const refused = await viewer.evaluate(
      (address) =>
        new Promise((done) => {
          const ws = new WebSocket(address);
          ws.onopen = () => ws.send('{"hello":');
          ws.onclose = (event) => done(event.code);
        }),
      `${program.base.replace('http', 'ws')}/e/grand-est/ws`,
    );
    assert.ok(refused >= 1002, `the socket was closed with ${refused}`);
    for (const path of ['live/../../etc/passwd', 'live/v720.m3u8?_HLS_msn=99999999999999', 'replay/..%2f..%2f/index.m3u8', 'live/v720/abc.m4s', 'site/%00']) {
      const odd = await fetch(`${program.base}/e/grand-est/${path}`);
      assert.ok([200, 400, 404].includes(odd.status), `${path}: ${odd.status}`);
    }
    const long = await fetch(`${program.base}/e/grand-est/questions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text: 'x'.repeat(5000) }) });
    assert.equal(long.status, 400);
    assert.match((await long.json()).detail, /\d+/, 'the answer says how long a question may be');
    assert.equal((await fetch(`${program.base}/readyz`)).status, 200);
    await until('the programme goes on', async () => (await lastMsn()) > msn + 1);
  });
});

describe('when things die', () => {
  const position = () => viewer.evaluate(() => document.querySelector('video').currentTime);

  /** Waits until the viewer sees a picture that was made after `time`, and is close to the present. */
  const pictureMadeAfter = (time) =>
    until('a picture made after the fault', async () => {
      const strip = await readStrip(viewer);
      return strip && strip.made > time && strip.latency_ms < 5000;
    }, 40_000);

  test('the engine: viewers go on without a reload, and the live picture comes back', async () => {
    await viewer.evaluate(() => (window.__unloaded = 'no'));
    const msn = await lastMsn();
    process.kill(await engineOf(program.pid), 'SIGKILL');
    const killed = Date.now();
    await until('the playlist goes on', async () => (await lastMsn()) > msn + 2);
    await pictureMadeAfter(killed + 500);
    const before = await position();
    await until('the picture moves', async () => (await position()) > before + 1);
    assert.equal(await viewer.evaluate(() => window.__unloaded), 'no', 'the page was not reloaded');
  });

  test('the whole program, by kill -9: at most one part is lost, the window and the questions are back', async () => {
    const msn = await lastMsn();
    const offered = await newestEnd();
    await program.kill();
    const killed = Date.now();
    const kept = await recordedEnd();
    assert.ok(offered - kept <= 330, `${offered - kept} ms that viewers had been offered are not in the recording`);
    const listen = new URL(program.base).host;
    program = await rehearse({ data: program.data, listen, args: ['--script', QUIET, '--audience', '0'] });
    const text = await (await get('live/v720.m3u8')).text();
    assert.match(text, /#EXT-X-DISCONTINUITY/, 'the new run follows with a discontinuity');
    assert.ok((await lastMsn()) >= msn, 'segment numbers go on');
    const { questions } = await (await get('questions')).json();
    assert.ok(questions.some((one) => one.text === QUESTION && one.state === 'answered'), 'the question is still answered');
    await pictureMadeAfter(killed + 500);
    assert.equal(await viewer.evaluate(() => window.__unloaded), 'no', 'the page was not reloaded');
  });

  test('the recording of both lives is whole', async () => {
    const replays = await (await get('replays.json')).json();
    const { spawnSync } = await import('node:child_process');
    const { binary } = await import('./program.mjs');
    await program.stop();
    for (const { id } of replays) {
      const verified = spawnSync(binary, ['verify', `${program.data}/grand-est/recordings/${id}`], { encoding: 'utf8' });
      assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    }
  });

  async function engineOf(parent) {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent && words.includes('programme')) return Number(pid);
    }
    throw new Error('no engine runs');
  }

  /** Programme time, in ms, at which the newest part on offer ends. */
  async function newestEnd() {
    let at = 0;
    for (const line of (await (await get('live/v720.m3u8')).text()).split('\n')) {
      const date = line.match(/^#EXT-X-PROGRAM-DATE-TIME:(.+)/);
      const part = line.match(/^#EXT-X-PART:DURATION=([\d.]+)/);
      if (date) at = Date.parse(date[1]);
      else if (part) at += Number(part[1]) * 1000;
    }
    return at;
  }

  async function recordedEnd() {
    let end = 0;
    const root = `${program.data}/grand-est/recordings`;
    for (const entry of await readdir(root, { recursive: true })) {
      if (!entry.endsWith('v720.index')) continue;
      for (const line of (await readFile(`${root}/${entry}`, 'utf8')).split('\n')) {
        try {
          const { at, duration_ns } = JSON.parse(line);
          if (at) end = Math.max(end, at + (duration_ns ?? 0) / 1e6);
        } catch {
          // The last line may be torn: that is the part in flight.
        }
      }
    }
    return end;
  }
});
