/** Hands up: their order and what may be done with each. Sends; draws nothing. */
import { toast } from '../../components/toast.js';
import { Refused, type Connection } from '../../live/connection.js';
import type { Hand, HandState } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { moderator } from '../../locales/moderator.js';

export type HandAct = 'call' | 'speaking' | 'hand_done' | 'dismiss' | 'move_hand';

/** Who is called is late after this. */
export const LATE_MS = 60_000;

const RANK: Partial<Record<HandState, number>> = { speaking: 0, ready: 1, called: 2, raised: 3 };

/** Open hands: who speaks, who is ready, who is called, then the line. */
export function inOrder(hands: readonly Hand[]): Hand[] {
  const place = (one: Hand): number => one.place ?? one.hand;
  return hands.filter(({ state }) => RANK[state] !== undefined).sort((a, b) => (RANK[a.state] ?? 9) - (RANK[b.state] ?? 9) || place(a) - place(b) || a.hand - b.hand);
}

export class Hands {
  readonly pending = new Set<number>();

  constructor(
    private readonly connection: Connection,
    private readonly changed: () => void,
  ) {}

  /** `name` is how the person is called in what is said of it. */
  async act(hand: Hand, act: HandAct, fields: Record<string, unknown> = {}, name = hand.name ?? moderator().hands.nameless): Promise<void> {
    const t = moderator().hands;
    if (this.connection.state === 'offline') return toast(moderator().offlineRefused);
    this.pending.add(hand.hand);
    this.changed();
    try {
      await this.connection.send(act, { hand: hand.hand, version: hand.version, ...fields }).done;
      toast(t.done[act](name));
    } catch (error) {
      const { code, detail } = error instanceof Refused ? error : { code: 'unavailable', detail: '' };
      const current = error instanceof Refused ? (error.current as Partial<Hand> | undefined) : undefined;
      toast(current?.state ? t.changed(name, t.state[current.state], current.by ?? '') : (common().refusal[code] ?? detail));
    } finally {
      this.pending.delete(hand.hand);
      this.changed();
    }
  }
}
