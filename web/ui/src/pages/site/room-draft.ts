/** What the operator is writing for the room, kept over a reload of the page. Owns its storage. */
import { tab } from '../../live/store.js';

export interface RoomDraft {
  text: string;
  /** The person in the room; empty: the room itself. */
  name: string;
  public: string;
  /** The question that this text is to take the place of. */
  replaces?: number | undefined;
}

const NONE: RoomDraft = { text: '', name: '', public: '' };

export class Drafts {
  now: RoomDraft;

  constructor(private readonly place: string) {
    try {
      this.now = { ...NONE, ...(JSON.parse(tab.get(place) ?? '{}') as Partial<RoomDraft>) };
    } catch {
      this.now = { ...NONE };
    }
  }

  set(change: Partial<RoomDraft>): void {
    this.now = { ...this.now, ...change };
    tab.set(this.place, JSON.stringify(this.now));
  }

  /** Sent: the next question is often of the same public, and of somebody else. */
  sent(): void {
    this.set({ ...NONE, public: this.now.public, replaces: undefined });
  }
}
