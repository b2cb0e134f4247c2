// A stage set for the pages: serves dist/, speaks docs/protocol.md with invented data, so that each state of a page can be
// looked at and tested without the program. `node tests/stage-set.mjs [port]` prints its addresses.
// Events: avant (before), direct (live), vide (live, nothing asked), apres (after), muet (questions never come).
import { createServer } from 'node:http';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebSocketServer } from 'ws';
import { chapters, event, replays, topics } from './fixtures.mjs';
import { queue, STAFF } from './stage-queue.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, '../dist');
const EVENTS = { avant: 'before', direct: 'live', vide: 'empty', apres: 'after', muet: 'live' };
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.m3u8': 'application/vnd.apple.mpegurl', '.m4s': 'video/mp4', '.mp4': 'video/mp4' };
const CSP = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; media-src 'self' blob:; img-src 'self' data: blob:; connect-src 'self' ws: wss:";
const LENGTH_S = 60;
const SEGMENT_S = 2;

/** Sixty seconds of moving picture and sound in two-second segments, made once by ffmpeg. Undefined without ffmpeg. */
async function film() {
  const folder = join(tmpdir(), 'pleniere-stage-set-film');
  if (existsSync(join(folder, 'audio.m3u8'))) return folder;
  const making = `${folder}-${process.pid}`;
  await mkdir(making, { recursive: true });
  const hls = (name) => ['-f', 'hls', '-hls_time', String(SEGMENT_S), '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', `${name}-init.mp4`, '-hls_segment_filename', join(making, `${name}-%d.m4s`), join(making, `${name}.m3u8`)];
  const run = promisify(execFile);
  try {
    for (const [name, size] of [['v720', '960x540'], ['v360', '480x270']]) {
      await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=10:duration=${LENGTH_S}`, '-vf', 'hue=s=0.35,eq=brightness=-0.18', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '20', '-sc_threshold', '0', '-crf', '34', ...hls(name)]);
    }
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `sine=frequency=330:sample_rate=48000:duration=${LENGTH_S}`, '-c:a', 'aac', '-b:a', '48k', ...hls('audio')]);
    await rename(making, folder).catch(() => rm(making, { recursive: true, force: true }));
    return folder;
  } catch (error) {
    console.error(`no test film: ${error.message}`);
    return undefined;
  }
}

const MASTER = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="son",DEFAULT=YES,AUTOSELECT=YES,URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=960x540,CODECS="avc1.42c01f,mp4a.40.2",AUDIO="a"
v720.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=480x270,CODECS="avc1.42c01f,mp4a.40.2",AUDIO="a"
v360.m3u8
`;

function livePlaylist(track, began, now) {
  const last = Math.floor((now - began) / 1000 / SEGMENT_S);
  const count = LENGTH_S / SEGMENT_S;
  const first = Math.max(0, last - 14);
  let text = `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:${SEGMENT_S}\n#EXT-X-MEDIA-SEQUENCE:${first}\n#EXT-X-DISCONTINUITY-SEQUENCE:${Math.floor(first / count)}\n`;
  for (let n = first; n < last; n += 1) {
    if (n % count === 0 && n > first) text += '#EXT-X-DISCONTINUITY\n';
    if (n === first || n % count === 0) text += `#EXT-X-MAP:URI="${track}-init.mp4"\n`;
    text += `#EXT-X-PROGRAM-DATE-TIME:${new Date(began + n * SEGMENT_S * 1000).toISOString()}\n#EXTINF:${SEGMENT_S}.000,\n${track}-${n % count}.m4s\n`;
  }
  return text;
}

/** Starts the set; `url(path)` gives addresses, `state` can be changed by a test, `close()` ends it. */
export async function stageSet({ port = 0 } = {}) {
  const folder = await film();
  const began = Date.now() - LENGTH_S * 1000;
  const state = { away: false, commands: [], answers: new Map(), growing: false };
  const worlds = Object.fromEntries(Object.entries(EVENTS).map(([id, phase]) => [id, world(topics(phase, Date.now()))]));
  const sockets = new Set();

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://set');
    const send = (status, type, body) => response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'content-security-policy': CSP }).end(body);
    const json = (value, status = 200) => send(status, status < 400 ? 'application/json' : 'application/problem+json', JSON.stringify(value));
    const shell = async (name, status = 200) => send(status, TYPES['.html'], await readFile(join(dist, `${name}.html`)));
    const file = async (base, name) => {
      const path = normalize(join(base, name));
      if (!path.startsWith(base) || !existsSync(path)) return json({ title: 'Not found', status: 404, code: 'not_found' }, 404);
      return send(200, TYPES[extname(path)] ?? 'application/octet-stream', await readFile(path));
    };
    try {
      if (pathname === '/') return await shell('index');
      if (pathname.startsWith('/assets/')) return await file(dist, pathname.slice(1));
      if (pathname === '/events.json') return json(Object.keys(EVENTS).map((id) => ({ ...pick(event(id, Date.now(), EVENTS[id])), phase: EVENTS[id] === 'empty' ? 'live' : EVENTS[id] })));
      const [, id, rest] = /^\/e\/([a-z0-9-]+)\/(.*)$/.exec(pathname) ?? [];
      if (!id || !EVENTS[id]) return pathname.endsWith('.json') ? json({ title: 'No such event', status: 404, code: 'not_found' }, 404) : await shell('notfound', id ? 404 : 404);
      if (state.away && /live|replay\/.+/.test(rest)) return request.socket.destroy();
      const table = /^questions\.(csv|xlsx|ods|json)$/.exec(rest)?.[1];
      if (table) return request.headers.authorization ? send(200, 'application/octet-stream', `questions of ${id} as ${table}`) : json({ title: 'No key', detail: 'a key is needed', status: 401, code: 'bad_key' }, 401);
      const page = { '': 'viewer', moderate: 'moderator', direct: 'director', stage: 'stage', 'replay/': 'replay', denied: 'denied' }[rest] ?? (/^site\/[a-z0-9-]+$/.test(rest) ? 'site' : undefined);
      if (page) return await shell(page);
      if (rest === 'ws') return json(state.full ?? { title: 'Upgrade required', status: 426, code: 'bad_request' }, state.full?.status ?? 426);
      if (rest === 'event.json') return json(event(id, worlds[id].now, EVENTS[id]));
      if (rest === 'replays.json') return json(replays(worlds[id].now, state.growing));
      if (rest.endsWith('chapters.json')) return json(chapters(worlds[id].now));
      if (folder && /^(live|replay\/r1)\/index\.m3u8$/.test(rest)) return send(200, TYPES['.m3u8'], MASTER);
      const media = /^(live|replay\/r1)\/(v720|v360|audio)\.m3u8$/.exec(rest);
      if (folder && media?.[1] === 'live') return send(200, TYPES['.m3u8'], livePlaylist(media[2], began, Date.now()));
      if (folder && media) return await file(folder, `${media[2]}.m3u8`);
      const bytes = /^(?:live|replay\/r1)\/([\w-]+\.(?:m4s|mp4))$/.exec(rest);
      if (folder && bytes) return await file(folder, bytes[1]);
      return json({ title: 'Not found', status: 404, code: 'not_found' }, 404);
    } catch (error) {
      json({ title: String(error), status: 500, code: 'failed' }, 500);
    }
  });

  const wss = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const id = /^\/e\/([a-z0-9-]+)\/ws$/.exec(request.url)?.[1];
    if (!id || !worlds[id] || state.away) return socket.destroy();
    if (state.full) return socket.end(`HTTP/1.1 ${state.full.status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    wss.handleUpgrade(request, socket, head, (ws) => {
      sockets.add(ws);
      ws.on('close', () => sockets.delete(ws));
      converse(ws, worlds[id], id, state);
    });
  });
  await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
  const base = `http://127.0.0.1:${server.address().port}`;
  return {
    base,
    url: (path) => base + path,
    state,
    worlds,
    /** Cuts every connection and refuses new ones until `back()`. */
    leave() {
      state.away = true;
      for (const ws of sockets) ws.terminate();
    },
    back: () => (state.away = false),
    /** Takes every key back, with the program's words. */
    refuse(code, detail) {
      for (const ws of sockets) {
        ws.send(JSON.stringify({ error: { code, detail } }));
        ws.close(4401, code);
      }
    },
    /** Sends everybody away with the words of a restart. */
    restart(reason) {
      for (const ws of sockets) ws.close(1012, reason);
    },
    async close() {
      for (const ws of sockets) ws.terminate();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const pick = ({ id, title, subtitle, date }) => ({ id, title, subtitle, date });

/** Topics with offsets; `change(topic, set, unset)` tells every page. */
function world(all) {
  const listeners = new Set();
  const one = { now: Date.now(), epoch: 'e1', topics: {}, log: {} };
  for (const [name, set] of Object.entries(all)) {
    one.topics[name] = { offset: 1, map: new Map(Object.entries(set)) };
    one.log[name] = [];
  }
  one.change = (topic, set = {}, unset = []) => {
    const known = (one.topics[topic] ??= { offset: 1, map: new Map() });
    for (const [key, value] of Object.entries(set)) known.map.set(key, value);
    for (const key of unset) known.map.delete(key);
    known.offset += 1;
    const message = { topic, epoch: one.epoch, offset: known.offset, set, unset };
    (one.log[topic] ??= []).push(message);
    for (const listener of listeners) listener(topic, message);
  };
  one.queue = queue(one);
  one.listen = (listener) => listeners.add(listener);
  one.forget = (listener) => listeners.delete(listener);
  return one;
}

function converse(ws, one, id, state) {
  const say = (value) => ws.readyState === ws.OPEN && ws.send(JSON.stringify(value));
  const heard = new Set();
  let key;
  const subscribe = ({ topic, epoch, offset }) => {
    const known = one.topics[topic];
    const open = /^(public|mine|programme)$/.test(topic);
    if (!open && !key) return refuse(4403, 'not_allowed', `Ce rôle ne lit pas ${topic}.`);
    heard.add(topic);
    if (id === 'muet' && topic !== 'programme') return true;
    if (!known) say({ topic, epoch: one.epoch, offset: 1, snapshot: true, set: {} });
    else if (epoch === one.epoch && offset <= known.offset) one.log[topic].filter((m) => m.offset > offset).forEach(say);
    else say({ topic, epoch: one.epoch, offset: known.offset, snapshot: true, set: Object.fromEntries(known.map) });
    return true;
  };
  const refuse = (code, name, detail) => {
    say({ error: { code: name, detail } });
    ws.close(code, name);
    return false;
  };
  const listener = (topic, message) => heard.has(topic) && say(message);
  one.listen(listener);
  ws.on('close', () => one.forget(listener));
  ws.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.hello) {
      key = message.hello.key;
      const refusal = REFUSED[key] ?? state.refuse;
      if (refusal) return refuse(4401, ...refusal);
      say({ welcome: { role: STAFF[key] ? 'moderator' : (key ?? 'viewer'), name: 'Claire Meyer', ...STAFF[key], now: Date.now(), participant: message.hello.participant ?? 'p-1' } });
      message.hello.topics.every(subscribe);
    } else if (message.subscribe) subscribe(message.subscribe);
    else if (message.do) {
      const known = state.commands.find((command) => command.id === message.id);
      if (!known) state.commands.push(message);
      // The same id again repeats the answer, not the act.
      setTimeout(() => {
        if (!state.answers.has(message.id)) state.answers.set(message.id, (key && one.queue(message, STAFF[key] ?? STAFF.moderator)) ?? obey(one, message));
        say(state.answers.get(message.id));
      }, state.slow ?? 60);
    }
  });
}

/** Everybody's questions that share a long word with the text, as the server would say them. */
function alike(one, text) {
  const words = (said) => new Set(said.toLowerCase().match(/\p{L}{6,}/gu));
  const asked = words(text);
  const open = [...one.topics.public.map].filter(([key]) => key.startsWith('q/')).map(([, q]) => q);
  return open.filter((q) => [...words(q.text)].some((word) => asked.has(word))).slice(0, 5).map(({ id, text, state, votes }) => ({ id, text, state, votes }));
}

/** Keys that open nothing, and what the program says of them. */
const REFUSED = {
  wrong: ['key_unknown', 'this key was not signed by this node: ask the organiser for a new link'],
  expired: ['key_expired', 'this key has expired: ask the organiser for a new link'],
  revoked: ['key_revoked', 'this key was taken back: ask the organiser for a new link'],
};

function obey(one, command) {
  const done = (result = {}) => ({ done: command.id, result });
  const q = one.topics.public.map.get(`q/${command.question}`);
  const votes = one.topics.mine.map.get('votes') ?? [];
  if (command.do === 'ask') {
    if (command.name === 'Odile Martin') return { refused: command.id, code: 'name_taken', detail: 'looks like staff' };
    if (command.text.includes('refus')) return { refused: command.id, code: 'too_fast', detail: 'wait' };
    const number = 62 + one.topics.mine.map.size;
    one.change('mine', { [`q/${number}`]: { ...command, id: number, number, state: 'received', votes: 0, asked_at: Date.now() } });
    return done({ id: number, number, state: 'received' });
  }
  if (command.do === 'vote' || command.do === 'unvote') {
    if (!q || q.id === 44) return { refused: command.id, code: 'wrong_state', detail: 'no longer open' };
    const on = command.do === 'vote';
    one.change('mine', { votes: on ? [...votes, q.id] : votes.filter((id) => id !== q.id) });
    one.change('public', { [`q/${q.id}`]: { ...q, votes: q.votes + (on ? 1 : -1) } });
  }
  if (command.do === 'withdraw') one.change('mine', {}, [`q/${command.question}`]);
  if (command.do === 'similar') return done({ questions: alike(one, command.text) });
  if (command.do === 'hand') one.change('mine', { hand: { hand: 1, state: 'raised', place: 3, version: 1 } });
  if (command.do === 'hand_ready') {
    one.change('mine', { hand: { ...one.topics.mine.map.get('hand'), state: 'ready' } });
    return done({ hand: 1, state: 'ready', key: 'guest-key', link: '/e/direct/guest' });
  }
  if (command.do === 'hand_down') one.change('mine', { hand: null });
  if (command.do === 'preview') one.change('direct', { preview: { layout: command.layout, slots: command.slots } });
  if (command.do === 'take') {
    one.change('direct', { intent: { layout: command.layout, slots: command.slots, asked_at: Date.now() } });
    one.change('programme', { scene: { layout: command.layout, slots: command.slots, at: Date.now() } });
  }
  return done();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const set = await stageSet({ port: Number(process.argv[2] ?? 0) });
  for (const id of Object.keys(EVENTS)) console.log(set.url(`/e/${id}/`));
  console.log(set.url('/e/direct/moderate#key=moderator'));
}
