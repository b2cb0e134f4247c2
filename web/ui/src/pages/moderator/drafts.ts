/** Text typed and not yet sent: survives another question chosen, a refusal, a lost line and a reload of this tab. */
import { tab } from '../../live/store.js';

/** What is being written about a question. */
export type DraftKind = 'edit' | 'written' | 'whyOther' | 'defer' | 'ban' | 'note';

const name = (event: string, kind: DraftKind, id: number): string => `pl-draft/${event}/${kind}/${id}`;

export class Drafts {
  constructor(private readonly event: string) {}

  get(kind: DraftKind, id: number): string | undefined {
    return tab.get(name(this.event, kind, id)) ?? undefined;
  }

  set(kind: DraftKind, id: number, text: string): void {
    tab.set(name(this.event, kind, id), text);
  }

  clear(kind: DraftKind, id: number): void {
    tab.remove(name(this.event, kind, id));
  }
}
