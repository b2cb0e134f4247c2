/**
 * The live pictures of a control room: one WHEP connection per stream, shared by every place that shows it, opened when the
 * first place is in sight and closed a little after the last one went. Draws nothing.
 */
import { local } from '../../live/store.js';
import { WhepPlayer } from '../../live/whep.js';

/** A picture that scrolls out and back, or moves from tile to preview, is not connected anew. */
const LINGER_MS = 4000;

interface Feed {
  player: WhepPlayer;
  wanted: number;
  closing: ReturnType<typeof setTimeout> | undefined;
  failing: boolean;
}

export class Pictures {
  /** Whether the rooms' pictures are live; the programme always is. */
  on = local.get('pl-pictures') !== 'off';
  #feeds = new Map<string, Feed>();
  #listeners = new Set<() => void>();

  constructor(
    private readonly url: (stream: string) => string,
    private readonly key: string | null,
  ) {
    addEventListener('pagehide', () => this.close());
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stream(name: string): MediaStream | null {
    return this.#feeds.get(name)?.player.stream ?? null;
  }

  failing(name: string): boolean {
    return this.#feeds.get(name)?.failing ?? false;
  }

  /** A place shows this stream from now on. Returns how to give it back. */
  want(name: string): () => void {
    if (!this.on && name !== 'programme') return () => undefined;
    const feed = this.#feeds.get(name) ?? this.#open(name);
    feed.wanted += 1;
    clearTimeout(feed.closing);
    let given = true;
    return () => {
      if (!given) return;
      given = false;
      feed.wanted -= 1;
      if (feed.wanted === 0) feed.closing = setTimeout(() => this.#close(name, feed), LINGER_MS);
    };
  }

  setOn(on: boolean): void {
    this.on = on;
    local.set('pl-pictures', on ? 'on' : 'off');
    if (!on) for (const [name, feed] of this.#feeds) if (name !== 'programme') this.#close(name, feed);
    this.#changed();
  }

  close(): void {
    for (const [name, feed] of this.#feeds) this.#close(name, feed);
  }

  #open(name: string): Feed {
    const player = new WhepPlayer({
      url: this.url(name),
      key: this.key,
      audio: name === 'programme',
      onStream: () => this.#changed(),
      onState: ({ state }) => {
        const feed = this.#feeds.get(name);
        if (feed) feed.failing = state === 'retrying' || state === 'refused';
        this.#changed();
      },
    });
    const feed: Feed = { player, wanted: 0, closing: undefined, failing: false };
    this.#feeds.set(name, feed);
    player.start();
    return feed;
  }

  #close(name: string, feed: Feed): void {
    clearTimeout(feed.closing);
    if (this.#feeds.get(name) !== feed) return;
    this.#feeds.delete(name);
    feed.player.stop();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
