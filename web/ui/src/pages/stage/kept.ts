/**
 * What the page held on stage last knew, kept in the tab: a phone that reloads its page without network shows it again.
 * Owns its storage and its age. Never says what is true now.
 */
import { clock } from '../../live/clock.js';
import { tab } from '../../live/store.js';
import type { EventInfo, EventState, Message } from '../../live/wire.js';

export interface Kept {
  /** Server ms of the last news. */
  at: number;
  event: EventInfo;
  /** The topic `stage`. */
  stage: [string, unknown][];
  running?: EventState | undefined;
  /** Messages filed as seen, newest first. */
  said: Message[];
  /** Messages pressed away here; the server may not know yet. */
  pressed: string[];
}

interface Stored extends Kept {
  /** Server clock minus this machine's, ms: the countdown goes on being right. */
  ahead: number;
}

const place = (event: string): string => `pl-stage/${event}`;

export function keep(id: string, kept: Kept): void {
  const stored: Stored = { ...kept, ahead: clock.now() - Date.now() };
  tab.set(place(id), JSON.stringify(stored));
}

/** What was kept, and sets the clock by it. */
export function recall(id: string): Kept | undefined {
  try {
    const stored = JSON.parse(tab.get(place(id)) ?? 'null') as Stored | null;
    if (!stored) return undefined;
    clock.suppose(stored.ahead);
    return stored;
  } catch {
    return undefined;
  }
}

/** The link was taken back: what it opened is not shown again. */
export function forget(id: string): void {
  tab.remove(place(id));
}
