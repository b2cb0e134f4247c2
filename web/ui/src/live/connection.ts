/**
 * The live connection of a page: topics as keyed maps, resumed without a gap, and commands that survive a lost line.
 * Owns the WebSocket and its state. Never decides what a role may do, never draws.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { RESTART, TOO_SLOW, waitMs } from './backoff.js';
import { clock } from './clock.js';
import { crowdedAt, type Crowded } from './crowded.js';
import { local } from './store.js';
import { emptyTopic, learnt, type Topic } from './topics.js';

export type { Topic };

/** `live` is said of a page that misses nothing; `behind` of one that is reading what it missed. */
export type ConnectionState = 'connecting' | 'live' | 'behind' | 'offline' | 'refused';

/** What the server said of this page in its welcome. */
export interface Welcome {
  role: string;
  name?: string;
  site?: string;
  /** Who a moderator or director is: two people of one name differ. */
  staff?: string;
  now: number;
  participant?: string;
  /** Over how long clients spread their return once this server is gone. */
  spread_ms?: number;
}

/** A command that was refused, or that can no longer be answered. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly detail: string,
    readonly current?: unknown,
  ) {
    super(`${code}: ${detail}`);
  }
}

/** A command on its way. `done` settles when the journal has it, or refuses with {@link Refused}. */
export interface Command<R = Record<string, unknown>> {
  readonly id: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly done: Promise<R>;
}

interface Pending {
  id: string;
  name: string;
  fields: Record<string, unknown>;
  kept: boolean;
  /** Worth nothing later: fails with the line instead of leaving again. */
  brief: boolean;
  settle: (result: Record<string, unknown>) => void;
  fail: (error: Refused) => void;
}

interface Incoming {
  welcome?: Welcome;
  error?: { code: string; detail: string };
  done?: string;
  refused?: string;
  result?: Record<string, unknown>;
  code?: string;
  detail?: string;
  current?: unknown;
  topic?: string;
  epoch?: string;
  offset?: number;
  snapshot?: boolean;
  set?: Record<string, unknown>;
  unset?: string[];
}

/** After this silence the page asks whether the server is still there: a dead line says nothing by itself. */
const SILENCE_MS = 25_000;
/** How long that answer may take. */
const ANSWER_MS = 6000;
/** Silence after the welcome that means "the gap has been read". */
const SETTLED_MS = 150;
/** A socket that has not said welcome by then is given up. */
const WELCOME_MS = 12_000;
/** A second hole within this time is not filled at once: something is wrong, and coming back at full speed would not mend it. */
const HOLES_APART_MS = 5000;

export interface ConnectionOptions {
  event: string;
  topics: string[];
  key?: string | undefined;
}

export class Connection {
  state: ConnectionState = 'connecting';
  /** When the line was lost (performance.now), while `offline`. */
  lostAt = 0;
  /** When the next attempt starts (performance.now), while `offline`. */
  retryAt = 0;
  welcome: Welcome | undefined;
  /** Commands that a former life of the page could not send. */
  readonly restored: readonly Command[];
  /** Why the line does not come back although the server answers: it is full, or too many pages come from this address. */
  crowded: Crowded | undefined;
  /** Why the server refuses this page for good. */
  refusal: { code: string; detail: string } | undefined;

  private socket: WebSocket | undefined;
  private attempt = 0;
  private spreadMs = 0;
  private holeAt = -Infinity;
  private timer = 0;
  private settle = 0;
  private closed = false;
  private opened = 0;
  private silence = 0;
  private telling = false;
  private tellAgain = false;
  private readonly topics = new Map<string, Topic>();
  private readonly pending = new Map<string, Pending>();
  private readonly listeners = new Set<() => void>();
  private readonly options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.options = options;
    for (const topic of options.topics) this.topics.set(topic, emptyTopic());
    addEventListener('online', this.retry);
    addEventListener('offline', this.drop);
    this.restored = this.restoreOutbox();
    this.open();
  }

  /** Calls `listener` after each change of state, topics or pending commands. Returns how to stop. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Id of the event. */
  get event(): string {
    return this.options.event;
  }

  /** Nothing was ever heard: there is nothing to show, not even something old. */
  get blank(): boolean {
    return ![...this.topics.values()].some((topic) => topic.loaded);
  }

  /** The topic as last heard (empty before). */
  topic(name: string): Topic {
    return this.topics.get(name) ?? emptyTopic();
  }

  /** A topic as a Lit controller: the host is drawn again when it changes. */
  view<V = unknown>(host: ReactiveControllerHost, topic: string): View<V> {
    this.subscribe(topic);
    return new View<V>(host, this, topic);
  }

  /** Adds a topic later. */
  subscribe(name: string): void {
    if (this.topics.has(name)) return;
    this.topics.set(name, emptyTopic());
    if (this.welcome && this.socket?.readyState === WebSocket.OPEN) this.write({ subscribe: { topic: name } });
  }

  /** Commands not yet acknowledged, oldest first. */
  get unsettled(): readonly { id: string; name: string; fields: Record<string, unknown> }[] {
    return [...this.pending.values()];
  }

  /**
   * Sends a command; it is sent again, with the same id, after a reconnection. `keep` also keeps it over a reload of the
   * page (a question typed while the network was away).
   */
  send<R = Record<string, unknown>>(name: string, fields: Record<string, unknown> = {}, keep = false): Command<R> {
    return this.dispatch<R>(newId(), name, fields, { kept: keep });
  }

  /** Asks something whose answer is only worth having now; fails at once without a line. */
  query<R = Record<string, unknown>>(name: string, fields: Record<string, unknown> = {}): Promise<R> {
    if (!this.welcome) return Promise.reject(new Refused('unavailable', 'no line'));
    return this.dispatch<R>(newId(), name, fields, { brief: true }).done;
  }

  /** Tries again now (the person asked, or the network is back). */
  readonly retry = (): void => {
    if (this.state !== 'offline' || this.closed) return;
    clearTimeout(this.timer);
    this.open();
  };

  /** Leaves for good. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    removeEventListener('online', this.retry);
    removeEventListener('offline', this.drop);
    this.socket?.close(1000);
  }

  private dispatch<R>(id: string, name: string, fields: Record<string, unknown>, { kept = false, brief = false }): Command<R> {
    const done = new Promise<Record<string, unknown>>((settle, fail) => {
      this.pending.set(id, { id, name, fields, kept, brief, settle, fail });
    });
    done.catch(() => undefined); // a page may only look at the views
    if (kept) local.set(this.outbox + id, JSON.stringify({ name, fields, at: Date.now() }));
    if (this.welcome && this.socket?.readyState === WebSocket.OPEN) this.write({ do: name, id, ...fields });
    this.changed();
    return { id, name, fields, done: done as Promise<R> };
  }

  private open(): void {
    this.welcome = undefined;
    this.opened = performance.now();
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/e/${this.options.event}/ws`);
    this.socket = socket;
    const mine = (act: () => void) => () => {
      if (this.socket === socket) act();
    };
    socket.onopen = mine(() => {
      this.opened = performance.now();
      this.write({ hello: this.hello() });
    });
    socket.onmessage = (event) => {
      if (this.socket === socket && typeof event.data === 'string') this.heard(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.lost(event.code, event.reason);
    };
    clearTimeout(this.timer);
    this.timer = window.setTimeout(mine(() => this.abandon()), WELCOME_MS);
    this.changed();
  }

  private hello(): Record<string, unknown> {
    const participant = local.get(`pl-participant/${this.options.event}`);
    return {
      ...(this.options.key ? { key: this.options.key } : {}),
      ...(participant ? { participant } : {}),
      topics: [...this.topics].map(([topic, known]) =>
        known.loaded ? { topic, epoch: known.epoch, offset: known.offset } : { topic },
      ),
    };
  }

  private write(message: unknown): void {
    this.socket?.send(JSON.stringify(message));
  }

  private listenForSilence(): void {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.silence = window.setTimeout(() => {
      const patience = new AbortController();
      const timer = setTimeout(() => patience.abort(), ANSWER_MS);
      fetch('/healthz', { cache: 'no-store', credentials: 'omit', signal: patience.signal })
        .then(
          () => this.socket === socket && this.listenForSilence(),
          () => this.socket === socket && this.abandon(),
        )
        .finally(() => clearTimeout(timer));
    }, SILENCE_MS);
  }

  private heard(text: string): void {
    this.listenForSilence();
    let message: Incoming;
    try {
      message = JSON.parse(text) as Incoming;
    } catch {
      return this.abandon();
    }
    if (message.welcome) this.welcomed(message.welcome);
    else if (message.topic !== undefined) this.learn(message.topic, message);
    else if (message.done !== undefined) this.answered(message.done, (one) => one.settle(message.result ?? {}));
    else if (message.refused !== undefined) {
      this.answered(message.refused, (one) =>
        one.fail(new Refused(message.code ?? 'unavailable', message.detail ?? '', message.current)),
      );
    } else if (message.error) this.refusal = message.error;
    this.changed();
  }

  private welcomed(welcome: Welcome): void {
    clearTimeout(this.timer);
    clock.sample(welcome.now, this.opened, performance.now());
    if (welcome.participant) local.set(`pl-participant/${this.options.event}`, welcome.participant);
    const first = this.welcome === undefined && this.state === 'connecting';
    this.welcome = welcome;
    this.crowded = undefined;
    this.attempt = 0;
    this.spreadMs = welcome.spread_ms ?? 0;
    this.state = first ? 'connecting' : 'behind';
    for (const one of this.pending.values()) this.write({ do: one.name, id: one.id, ...one.fields });
    this.settleSoon();
  }

  /** `live` once nothing more has come for a moment and every topic has been heard. */
  private settleSoon(): void {
    clearTimeout(this.settle);
    this.settle = window.setTimeout(() => {
      if (!this.welcome || this.state === 'offline') return;
      this.state = 'live';
      this.changed();
    }, SETTLED_MS);
  }

  private learn(name: string, message: Incoming): void {
    const known = this.topics.get(name);
    if (!known || message.offset === undefined) return;
    const next = learnt(known, { ...message, offset: message.offset });
    // A hole: what is known is still true, so ask for what came after it.
    if (next === 'hole') return this.resume();
    if (next === known) return;
    this.topics.set(name, next);
    if (this.state !== 'live') this.settleSoon();
  }

  private answered(id: string, settle: (one: Pending) => void): void {
    const one = this.pending.get(id);
    if (!one) return;
    this.pending.delete(id);
    if (one.kept) local.remove(this.outbox + id);
    settle(one);
  }

  /** Comes back at once with what is known. */
  private resume(): void {
    const again = performance.now() - this.holeAt < HOLES_APART_MS;
    this.holeAt = performance.now();
    const old = this.socket;
    this.socket = undefined;
    old?.close(1000);
    if (again) return this.lost(TOO_SLOW, '');
    this.state = 'behind';
    this.open();
  }

  private abandon(): void {
    const old = this.socket;
    this.socket = undefined;
    old?.close();
    this.lost(1006, '');
  }

  private readonly drop = (): void => {
    if (this.state !== 'offline' && this.state !== 'refused') this.abandon();
  };

  private lost(code: number, reason: string): void {
    clearTimeout(this.timer);
    clearTimeout(this.settle);
    clearTimeout(this.silence);
    const never = this.welcome === undefined;
    this.welcome = undefined;
    if (this.closed) return;
    if (code === 4401 || code === 4403) {
      this.state = 'refused';
      this.refusal ??= { code: code === 4401 ? 'bad_key' : 'not_allowed', detail: reason };
      for (const one of [...this.pending.values()]) this.answered(one.id, (p) => p.fail(new Refused('not_allowed', reason)));
      return this.changed();
    }
    if (this.state !== 'offline') this.lostAt = performance.now();
    // A restart or "you were too slow" is not an outage yet.
    const outage = this.attempt > 0 || (code !== TOO_SLOW && code !== RESTART);
    this.state = outage ? 'offline' : 'behind';
    const wait = waitMs({ attempt: this.attempt, code, reason, spreadMs: this.spreadMs });
    this.attempt += 1;
    this.retryAt = performance.now() + wait;
    for (const one of [...this.pending.values()]) if (one.brief) this.answered(one.id, (p) => p.fail(new Refused('unavailable', 'no line')));
    this.timer = window.setTimeout(() => this.open(), wait);
    // Not at the first failure: a server that has just come back has better to do.
    if (never && code === 1006 && this.attempt > 1) void this.askWhy();
    this.changed();
  }

  /** A browser does not say why a socket was refused; the same address, asked plainly, does. */
  private async askWhy(): Promise<void> {
    const crowded = await crowdedAt(`/e/${this.options.event}/ws`);
    if (this.welcome) return;
    this.crowded = crowded;
    this.changed();
  }

  /** A listener that sends something changes the connection again: told to all once more when all have heard the first. */
  private changed(): void {
    if (this.telling) {
      this.tellAgain = true;
      return;
    }
    this.telling = true;
    try {
      do {
        this.tellAgain = false;
        for (const listener of this.listeners) listener();
      } while (this.tellAgain);
    } finally {
      this.telling = false;
    }
  }

  /** Where kept commands are: one entry each, so that two tabs do not write over each other. */
  private get outbox(): string {
    return `pl-outbox/${this.options.event}/`;
  }

  private restoreOutbox(): Command[] {
    const kept = local.keys(this.outbox).flatMap((key) => {
      try {
        return [{ id: key.slice(this.outbox.length), ...(JSON.parse(local.get(key) ?? '') as Kept) }];
      } catch {
        local.remove(key);
        return [];
      }
    });
    return kept.sort((a, b) => a.at - b.at).map(({ id, name, fields }) => this.dispatch(id, name, fields, { kept: true }));
  }
}

/** A command as kept in the browser. */
interface Kept {
  name: string;
  fields: Record<string, unknown>;
  at: number;
}

/** A topic seen by one element. */
export class View<V = unknown> implements ReactiveController {
  private stop: (() => void) | undefined;
  constructor(
    private readonly host: ReactiveControllerHost,
    readonly connection: Connection,
    readonly topic: string,
  ) {
    host.addController(this);
  }

  /** False until the first snapshot: show a skeleton. */
  get loaded(): boolean {
    return this.connection.topic(this.topic).loaded;
  }

  get map(): ReadonlyMap<string, V> {
    return this.connection.topic(this.topic).map as ReadonlyMap<string, V>;
  }

  /** One value by its key. */
  get<T = V>(key: string): T | undefined {
    return this.map.get(key) as T | undefined;
  }

  /** Every value whose key is `prefix/...`, with the rest of the key. */
  under<T = V>(prefix: string): [string, T][] {
    const out: [string, T][] = [];
    for (const [key, value] of this.map) {
      if (key.startsWith(`${prefix}/`)) out.push([key.slice(prefix.length + 1), value as unknown as T]);
    }
    return out;
  }

  hostConnected(): void {
    this.stop = this.connection.listen(() => this.host.requestUpdate());
  }

  hostDisconnected(): void {
    this.stop?.();
  }
}

/** A command id. `crypto.randomUUID` exists only in secure contexts; a room's laptop may be on plain HTTP. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
