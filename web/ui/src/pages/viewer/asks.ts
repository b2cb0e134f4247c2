/**
 * The questions this person sends: shown at once, settled when acknowledged, given back when refused. Also follows those that a
 * former life of the page could not send.
 */
import { type Command, type Connection, Refused } from '../../live/connection.js';

/** How long one acknowledged is shown while the view does not have it yet. */
const TAKEN_MS = 10_000;

export interface Asked {
  id: number;
  number: number;
}
/** One on its way; `taken` once acknowledged, until the view shows it. */
export interface Waiting {
  key: string;
  text: string;
  taken: boolean;
}

export class Asks {
  private readonly taken = new Map<string, { question: number; text: string }>();

  constructor(
    private readonly live: Connection,
    private readonly on: { taken: (asked: Asked) => void; refused: (error: Refused, fields: Readonly<Record<string, unknown>>) => void },
  ) {
    for (const command of live.restored) if (command.name === 'ask') this.follow(command as unknown as Command<Asked>);
  }

  send(fields: Record<string, unknown>): void {
    this.follow(this.live.send<Asked>('ask', fields, true));
  }

  /** Newest first, as one's questions are. */
  get waiting(): Waiting[] {
    const mine = this.live.topic('mine').map;
    for (const [key, { question }] of this.taken) if (mine.has(`q/${question}`)) this.taken.delete(key);
    const sending = this.live.unsettled.filter((one) => one.name === 'ask');
    return [
      ...[...this.taken].map(([key, { text }]) => ({ key, text, taken: true })),
      ...sending.map((one) => ({ key: one.id, text: String(one.fields['text'] ?? ''), taken: false })),
    ].reverse();
  }

  private follow(command: Command<Asked>): void {
    command.done.then(
      (asked) => {
        // The view shows it within a moment; not for ever here if it was withdrawn before that.
        setTimeout(() => this.taken.delete(command.id), TAKEN_MS);
        this.taken.set(command.id, { question: asked.id, text: String(command.fields['text'] ?? '') });
        this.on.taken(asked);
      },
      (error: unknown) => error instanceof Refused && this.on.refused(error, command.fields),
    );
  }
}
