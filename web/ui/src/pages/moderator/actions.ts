/**
 * What a moderator does to questions: sends commands in order per question, knows which are on their way, and how to take
 * the last one back. Never changes a question itself: the view does, once the journal has it.
 */
import { toast } from '../../components/toast.js';
import { Refused, type Connection } from '../../live/connection.js';
import type { ModeratedQuestion, Reason } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { moderator } from '../../locales/moderator.js';

export type Act = 'approve' | 'decline' | 'restore' | 'edit' | 'stage' | 'unstage' | 'move' | 'air' | 'off_air' | 'answer' | 'reopen';

/** One command of a step; a step may need two (approve, then stage). */
interface Step {
  act: Act;
  fields?: Record<string, unknown>;
}

/** Undoing goes back this far; older actions are forgotten. */
const UNDO_DEPTH = 20;

export class Actions {
  /** Questions with a command on its way, and which. */
  readonly pending = new Map<number, Act>();
  #chains = new Map<number, Promise<void>>();
  #versions = new Map<number, number>();
  #undo: { id: number; undo: Step[] }[] = [];

  constructor(
    private readonly connection: Connection,
    private readonly changed: () => void,
  ) {}

  approve(question: ModeratedQuestion): void {
    this.#perform(question, [{ act: 'approve' }], [{ act: 'restore' }]);
  }

  decline(question: ModeratedQuestion, reason: Reason): void {
    const back: Step[] = [{ act: 'restore' }];
    if (question.state !== 'received') back.push({ act: 'approve' });
    if (question.state === 'staged') back.push({ act: 'stage' }, ...rankOf(question));
    this.#perform(question, [{ act: 'decline', fields: { reason } }], back);
  }

  restore(question: ModeratedQuestion): void {
    const { reason } = question;
    const back: Step = question.state === 'declined' && reason ? { act: 'decline', fields: { reason } } : { act: 'approve' };
    this.#perform(question, [{ act: 'restore' }], [back]);
  }

  /** Changes the text, or a tag; null takes the tag away. What is not named stays as it is. */
  edit(question: ModeratedQuestion, change: { text?: string; theme?: string | null; site?: string | null }): void {
    const before: Record<string, unknown> = { text: question.text };
    if (change.theme !== undefined) before['theme'] = question.theme ?? null;
    if (change.site !== undefined) before['site'] = question.site ?? null;
    this.#perform(question, [{ act: 'edit', fields: { text: question.text, ...change } }], [{ act: 'edit', fields: before }]);
  }

  stage(question: ModeratedQuestion): void {
    const fresh = question.state === 'received';
    this.#perform(question, [...(fresh ? [{ act: 'approve' } as const] : []), { act: 'stage' }], [{ act: 'unstage' }, ...(fresh ? [{ act: 'restore' } as const] : [])]);
  }

  unstage(question: ModeratedQuestion): void {
    this.#perform(question, [{ act: 'unstage' }], [{ act: 'stage' }, ...rankOf(question)]);
  }

  move(question: ModeratedQuestion, to: number): void {
    this.#perform(question, [{ act: 'move', fields: { to } }], rankOf(question));
  }

  air(question: ModeratedQuestion): void {
    const back: Step[] = question.state === 'approved' ? [{ act: 'off_air' }, { act: 'unstage' }] : [{ act: 'off_air' }];
    this.#perform(question, [{ act: 'air' }], back);
  }

  offAir(question: ModeratedQuestion): void {
    this.#perform(question, [{ act: 'off_air' }], [{ act: 'air' }]);
  }

  answer(question: ModeratedQuestion, written?: string): void {
    this.#perform(question, [written ? { act: 'answer', fields: { written } } : { act: 'answer' }], [{ act: 'reopen' }]);
  }

  reopen(question: ModeratedQuestion): void {
    this.#perform(question, [{ act: 'reopen' }], [{ act: 'answer', fields: question.written ? { written: question.written } : {} }]);
  }

  /** Takes back the last action of this page that went through. */
  undoLast(): void {
    const last = this.#undo.pop();
    if (!last) return toast(moderator().nothingToUndo);
    this.#enqueue(last.id, last.undo, () => toast(moderator().undone));
  }

  #perform(question: ModeratedQuestion, steps: Step[], undo: Step[]): void {
    const last = steps.at(-1);
    if (!last) return;
    this.#enqueue(question.id, steps, () => {
      const entry = { id: question.id, undo };
      this.#undo = [...this.#undo, entry].slice(-UNDO_DEPTH);
      toast(moderator().done[last.act](question.number), () => this.#takeBack(entry), moderator().undoKey);
    });
  }

  #takeBack(entry: { id: number; undo: Step[] }): void {
    this.#undo = this.#undo.filter((one) => one !== entry);
    this.#enqueue(entry.id, entry.undo, () => toast(moderator().undone));
  }

  /** Commands about one question go one after the other, each with the version the last one left. */
  #enqueue(id: number, steps: Step[], done: () => void): void {
    const first = steps[0];
    if (!first) return;
    this.pending.set(id, first.act);
    this.changed();
    const chain = (this.#chains.get(id) ?? Promise.resolve()).then(async () => {
      for (const step of steps) await this.#send(id, step);
    });
    const settled = chain.then(done, (error: unknown) => this.#returned(id, error)).then(() => {
      if (this.#chains.get(id) !== settled) return;
      this.#chains.delete(id);
      this.pending.delete(id);
      this.changed();
    });
    this.#chains.set(id, settled);
  }

  async #send(id: number, { act, fields }: Step): Promise<void> {
    this.pending.set(id, act);
    const question = this.#current(id);
    const version = Math.max(question?.version ?? 0, this.#versions.get(id) ?? 0);
    const result = await this.connection.send(act, { question: id, version, ...fields }).done;
    if (typeof result['version'] === 'number') this.#versions.set(id, result['version']);
  }

  #current(id: number): ModeratedQuestion | undefined {
    return this.connection.topic('moderation').map.get(`q/${id}`) as ModeratedQuestion | undefined;
  }

  #returned(id: number, error: unknown): void {
    const code = error instanceof Refused ? error.code : 'unavailable';
    const current = (error instanceof Refused ? (error.current as Partial<ModeratedQuestion> | undefined) : undefined) ?? this.#current(id);
    const number = this.#current(id)?.number ?? id;
    this.#versions.delete(id);
    const words = moderator();
    if (code === 'stale' && current?.state) return toast(words.stale(number, common().state[current.state], current.by ?? ''));
    toast(words.refused(number, common().refusal[code] ?? (error instanceof Refused ? error.detail : '')));
  }
}

function rankOf(question: ModeratedQuestion): Step[] {
  return question.rank === undefined ? [] : [{ act: 'move', fields: { to: question.rank } }];
}
