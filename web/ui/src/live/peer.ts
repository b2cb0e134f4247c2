/** Owns the life of one WHIP or WHEP connection: connect, watch, come back with backoff, measure each second. Never owns media or a page. */
import { deleteResource, gathered, postOffer, Refusal, type PeerProblem } from './sdp.js';

export type { PeerProblem } from './sdp.js';

/** `refused` waits for the user; every other state moves on by itself. */
export type PeerState = 'idle' | 'connecting' | 'live' | 'retrying' | 'refused';

export interface PeerStatus {
  state: PeerState;
  /** Why it is retrying or refused. */
  problem?: PeerProblem;
}

/** What the last second looked like. Absent figures were not reported by the browser. */
export interface PeerStats {
  kbps: number;
  lossPercent?: number;
  rttMs?: number;
  width?: number;
  height?: number;
  fps?: number;
}

export interface PeerOptions {
  url: string;
  key: string | null;
  onState?: (status: PeerStatus) => void;
  onStats?: (stats: PeerStats) => void;
}

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 8000;
/** How long ICE may be `disconnected` before the connection is built anew; short breaks mend themselves. */
const DISCONNECTED_GRACE_MS = 3000;
const CONNECT_LIMIT_MS = 10_000;
/** The same for the first try without the servers that the house named meanwhile: the next try has them. */
const CONNECT_LIMIT_BARE_MS = 4000;
/** After an own loss the server may hold our seat for 2 s: that many refusals are still ours. */
const OWN_SEAT_TRIES = 4;

export abstract class PeerLoop {
  #options: PeerOptions;
  #stop: AbortController | null = null;
  #status: PeerStatus = { state: 'idle' };
  #resource: string | null = null;
  /** What the last answer named. Servers count from the first gathering on, so that they serve the next connection. */
  #iceServers: RTCIceServer[] = [];
  protected peer: RTCPeerConnection | null = null;
  #wake: (() => void) | null = null;

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  get status(): PeerStatus {
    return this.#status;
  }

  /** Adds the transceivers; throws `Refusal` when the browser lacks what is needed. */
  protected abstract prepare(peer: RTCPeerConnection): void;
  /** Headers of the next POST. */
  protected headers(): Record<string, string> {
    return {};
  }
  /** Called once the media path is up. */
  protected connected(_peer: RTCPeerConnection): void {}
  /** Turns a report into figures, or nothing while there is too little. */
  protected abstract measure(report: RTCStatsReport): PeerStats | undefined;
  /** Whether this problem may pass by itself although the server called it final. */
  protected passing(_problem: PeerProblem): boolean {
    return false;
  }

  start(): void {
    this.stop();
    const stop = new AbortController();
    this.#stop = stop;
    addEventListener('online', this.#retryNow);
    addEventListener('pagehide', this.#leave);
    void this.#run(stop.signal);
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = null;
    removeEventListener('online', this.#retryNow);
    removeEventListener('pagehide', this.#leave);
    this.#close();
    if (this.#status.state !== 'idle') this.#set({ state: 'idle' });
  }

  #retryNow = (): void => this.#wake?.();
  #leave = (): void => this.stop();

  #set(status: PeerStatus): void {
    this.#status = status;
    this.#options.onState?.(status);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let wasLive = false;
    let problem: PeerProblem | undefined;
    while (!signal.aborted) {
      this.#set(problem ? { state: 'retrying', problem } : { state: 'connecting' });
      try {
        const peer = await this.#connect(signal);
        failures = 0;
        wasLive = true;
        this.#set({ state: 'live' });
        await this.#watch(peer, signal);
        problem = { code: 'lost', detail: '', final: false };
      } catch (cause) {
        problem = cause instanceof Refusal ? cause.problem : { code: 'unreachable', detail: String(cause), final: false };
      }
      if (signal.aborted) return;
      this.#close();
      failures += 1;
      const ours = problem.code === 'seat_taken' && wasLive && failures <= OWN_SEAT_TRIES;
      if (problem.final && !ours && !this.passing(problem)) return this.#set({ state: 'refused', problem });
      this.#set({ state: 'retrying', problem });
      await this.#pause(failures, signal);
    }
  }

  async #connect(signal: AbortSignal): Promise<RTCPeerConnection> {
    const bare = this.#iceServers.length === 0;
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: this.#iceServers });
    this.peer = peer;
    this.prepare(peer);
    await peer.setLocalDescription();
    await gathered(peer);
    signal.throwIfAborted();
    const offer = peer.localDescription?.sdp ?? '';
    const { answer, resource, iceServers } = await postOffer(this.#options.url, this.#options.key, offer, this.headers(), signal);
    this.#resource = resource;
    this.#iceServers = iceServers;
    if (signal.aborted) {
      this.#close();
      signal.throwIfAborted();
    }
    await peer.setRemoteDescription({ type: 'answer', sdp: answer });
    await settled(peer, signal, bare && iceServers.length > 0 ? CONNECT_LIMIT_BARE_MS : CONNECT_LIMIT_MS);
    this.connected(peer);
    return peer;
  }

  /** Resolves when the connection is lost; measures once a second meanwhile. */
  async #watch(peer: RTCPeerConnection, signal: AbortSignal): Promise<void> {
    const timer = setInterval(() => void this.#report(peer), 1000);
    try {
      await lost(peer, signal);
    } finally {
      clearInterval(timer);
    }
  }

  async #report(peer: RTCPeerConnection): Promise<void> {
    const stats = this.measure(await peer.getStats());
    if (stats && this.peer === peer) this.#options.onStats?.(stats);
  }

  #pause(failures: number, signal: AbortSignal): Promise<void> {
    const most = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** (failures - 1));
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      // Half fixed, half random: after a restart of the server the pages do not come back in one instant.
      const timer = setTimeout(done, most / 2 + (Math.random() * most) / 2);
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #close(): void {
    this.peer?.close();
    this.peer = null;
    if (this.#resource) deleteResource(this.#resource, this.#options.key);
    this.#resource = null;
  }
}

/** Resolves when connected, rejects when that fails or takes longer than `limitMs`. */
function settled(peer: RTCPeerConnection, signal: AbortSignal, limitMs: number): Promise<void> {
  const failed = new Refusal({ code: 'unreachable', detail: '', final: false });
  return watching(peer, signal, limitMs, (state, resolve, reject) => {
    if (state === 'connected') resolve();
    else if (state === 'failed' || state === 'closed' || state === 'timeout') reject(failed);
  });
}

/** Resolves when the connection failed, was closed, or stayed `disconnected` past its grace. */
function lost(peer: RTCPeerConnection, signal: AbortSignal): Promise<void> {
  let grace: ReturnType<typeof setTimeout> | undefined;
  return watching(peer, signal, null, (state, resolve) => {
    clearTimeout(grace);
    if (state === 'failed' || state === 'closed') resolve();
    else if (state === 'disconnected') grace = setTimeout(resolve, DISCONNECTED_GRACE_MS);
  }).finally(() => clearTimeout(grace));
}

type Judge = (state: RTCPeerConnectionState | 'timeout', resolve: () => void, reject: (cause: unknown) => void) => void;

function watching(peer: RTCPeerConnection, signal: AbortSignal, limitMs: number | null, judge: Judge): Promise<void> {
  const done = new AbortController();
  return new Promise<void>((resolve, reject) => {
    const look = (): void => judge(peer.connectionState, resolve, reject);
    const limit = limitMs === null ? undefined : setTimeout(() => judge('timeout', resolve, reject), limitMs);
    done.signal.addEventListener('abort', () => clearTimeout(limit));
    peer.addEventListener('connectionstatechange', look, { signal: done.signal });
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: done.signal });
    look();
  }).finally(() => done.abort());
}
