// The real program for the end-to-end tests: started on a data folder of its own, its links read from what it prints.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const binary = join(root, 'target/release/pleniere');
export const eventFile = (name) => join(root, `config/events/${name}.toml`);

/** A script in which nobody but the test acts. */
export const QUIET = join(dirname(fileURLToPath(import.meta.url)), 'quiet.toml');

const READY_WITHIN_MS = 40_000;

/** Runs `pleniere rehearse`; resolves once it printed `ready` and its links. */
export async function rehearse({ event = 'grand-est', data, listen = '127.0.0.1:0', args = [] } = {}) {
  const folder = data ?? (await mkdtemp(join(tmpdir(), 'pleniere-e2e-')));
  const child = spawn(
    binary,
    ['rehearse', eventFile(event), '--data', folder, '--listen', listen, '--media-port', '0', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line);
    if (log.length > 400) log.shift();
  });
  const links = {};
  let base;
  const gone = new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal)));
  const ready = new Promise((done) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const announced = line.match(/^ready (\S+?)\/?$/);
      if (announced) base = announced[1];
      const link = line.match(/^(viewer|replay|moderator|director|stage|site .+?)\s+(https?:\S+)$/);
      if (link) links[link[1]] = link[2];
      if (base && links['site Strasbourg']) done();
    });
  });
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error('not ready in time')), READY_WITHIN_MS).unref());
  try {
    await Promise.race([ready, late, gone.then((how) => Promise.reject(new Error(`ended (${how}) before it was ready`)))]);
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${error.message}\n${log.join('\n')}`);
  }
  return {
    base,
    links,
    log,
    data: folder,
    pid: child.pid,
    gone,
    /** As a power cut would: no goodbye. */
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
    /** As Ctrl-C; resolves with the exit code. */
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const how = await gone;
      clearTimeout(timer);
      if (!data) await rm(folder, { recursive: true, force: true });
      return how;
    },
  };
}

/** Waits until `look` answers something true and returns it; `what` names it in the failure. */
export async function until(what, look, within = 20_000) {
  const end = Date.now() + within;
  for (;;) {
    let seen;
    try {
      seen = await look();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`not seen within ${within / 1000} s: ${what}`);
    await new Promise((go) => setTimeout(go, 100));
  }
}
