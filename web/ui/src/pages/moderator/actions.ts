/**
 * What a moderator does to questions: sends commands in order per question, knows which are on their way, what came back
 * refused and how to take the last one back. Never changes a question itself: the view does, once the journal has it.
 */
import { toast } from '../../components/toast.js';
import { Refused, type Connection } from '../../live/connection.js';
import type { ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { list } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';

export type Act =
  | 'approve' | 'hold' | 'decline' | 'restore' | 'edit' | 'stage' | 'unstage' | 'move' | 'merge' | 'unmerge' | 'defer'
  | 'air' | 'off_air' | 'answer' | 'reopen' | 'assign' | 'note' | 'ban' | 'unban';

/** One command of a step; a step may need two (approve, then stage). */
export interface Step {
  act: Act;
  fields?: Record<string, unknown>;
}

/** What one press did, to be taken back as one. */
interface Done {
  ids: number[];
  /** Commands that went through on each of them. */
  times: number;
}

/** What became of one question of a lot. */
interface Outcome {
  question: number;
  version?: number;
  code?: string;
  detail?: string;
  current?: Partial<ModeratedQuestion>;
}

/** Undoing goes back this far, as on the server. */
const UNDO_DEPTH = 20;
/** The server takes this many questions at once. */
const LOT = 100;
/** How long a refusal stays written on its card. */
const REFUSED_MS = 20_000;
/** How long an acknowledged action waits for its view, which comes a few times a second. */
const VIEW_MS = 3000;

/** These are beside the question: they name no version, and the server does not take them back. */
const ASIDE: ReadonlySet<Act> = new Set(['note', 'ban', 'unban']);

export class Actions {
  /** Why the last action on a question came back. */
  readonly refused = new Map<number, string>();
  #pending = new Map<number, Act>();
  #chains = new Map<number, Promise<unknown>>();
  #versions = new Map<number, { version: number; at: number }>();
  #done: Done[] = [];

  /** `take` takes a question over from the colleague who has it. */
  constructor(
    private readonly connection: Connection,
    private readonly changed: () => void,
    private readonly take: (question: number) => void = () => undefined,
  ) {}

  /** An action on it is on its way, or the view does not show it yet. */
  pending(question: ModeratedQuestion): boolean {
    if (this.#pending.has(question.id)) return true;
    const known = this.#versions.get(question.id);
    return known !== undefined && known.version > question.version && performance.now() - known.at < VIEW_MS;
  }

  /** One command on one question. Resolves to whether it went through. */
  act(question: ModeratedQuestion, act: Act, fields?: Record<string, unknown>): Promise<boolean> {
    return this.perform(question, [fields ? { act, fields } : { act }]);
  }

  /** To the stage list, from wherever it is; to its front when `first`. */
  stage(question: ModeratedQuestion, first = false): Promise<boolean> {
    const steps: Step[] = [];
    if (question.state === 'received' || question.state === 'held') steps.push({ act: 'approve' });
    if (question.state !== 'staged') steps.push({ act: 'stage' });
    if (first) steps.push({ act: 'move', fields: { to: 1 } });
    return this.perform(question, steps);
  }

  /** Commands on one question, one after the other; those that went through are taken back together. */
  async perform(question: ModeratedQuestion, steps: readonly Step[]): Promise<boolean> {
    const last = steps.at(-1);
    if (!last || this.away()) return false;
    const { id } = question;
    let times = 0;
    const ok = await this.#inTurn(id, last.act, async () => {
      for (const step of steps) {
        await this.#send(id, step);
        if (!ASIDE.has(step.act)) times += 1;
      }
    });
    if (times > 0) this.#remember({ ids: [id], times });
    if (!ok) return false;
    const done = moderator().done[last.act](question.number);
    if (ASIDE.has(last.act)) toast(done);
    else toast(done, () => void this.undoLast(id), moderator().undoKey);
    return true;
  }

  /** One command on many questions. Each is its own: some may come back. */
  async lot(questions: readonly ModeratedQuestion[], act: Act, fields: Record<string, unknown> | ((question: ModeratedQuestion) => Record<string, unknown>) = {}): Promise<boolean> {
    if (questions.length === 0 || this.away()) return false;
    for (const { id } of questions) this.#pending.set(id, act);
    this.changed();
    const outcomes = typeof fields === 'function' ? await this.#each(questions, act, fields) : await this.#bulk(act, questions.map((one) => one.id), fields);
    const ids = this.#settle(outcomes);
    if (ids.length > 0) this.#remember({ ids, times: 1 });
    const said = moderator().lot[act]?.(ids.length) ?? '';
    const back = outcomes.length - ids.length;
    const text = [ids.length > 0 ? said : '', back > 0 ? moderator().lotRefused(back, this.#firstRefusal(outcomes)) : ''].filter(Boolean).join('. ');
    toast(text, ids.length > 0 ? () => void this.undoLast(ids[0]) : undefined, moderator().undoKey);
    return back === 0;
  }

  /** Takes back the last action of this page (about `id` when given) that went through; without one, the server's last of this person. */
  async undoLast(id?: number): Promise<void> {
    if (this.away()) return;
    const index = this.#done.findLastIndex((one) => id === undefined || one.ids.includes(id));
    const last = this.#done[index];
    if (!last) return this.#undoAny();
    this.#done.splice(index, 1);
    if (last.ids.length > 1) return this.#undoLot(last.ids);
    const [only = 0] = last.ids;
    const ok = await this.#inTurn(only, 'restore', async () => {
      for (let time = 0; time < last.times; time += 1) this.#learn(await this.connection.send('undo', { question: only }).done);
    });
    if (ok) toast(moderator().undone);
  }

  /** True, and said, while there is no line: what is pressed then would be done at another moment than it was meant. */
  away(): boolean {
    if (this.connection.state !== 'offline') return false;
    toast(moderator().offlineRefused);
    return true;
  }

  /** Says what came back, and marks the question with it. */
  tell(id: number, error: unknown): void {
    const refused = error instanceof Refused ? error : undefined;
    const text = this.#words({
      question: id,
      code: refused?.code ?? 'unavailable',
      detail: refused?.detail ?? '',
      ...(refused?.current ? { current: refused.current as Partial<ModeratedQuestion> } : {}),
    });
    this.#mark(id, text);
    if (refused?.code === 'claimed') toast(text, () => this.take(id), moderator().takeOver);
    else toast(text);
  }

  async #undoAny(): Promise<void> {
    try {
      const result = await this.connection.send('undo').done;
      this.#learn(result);
      toast(moderator().undone);
    } catch (error) {
      toast(error instanceof Refused && error.code !== 'wrong_state' ? (common().refusal[error.code] ?? error.detail) : moderator().nothingToUndo);
    }
  }

  async #undoLot(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.#pending.set(id, 'restore');
    this.changed();
    const outcomes = await this.#bulk('undo', ids, {});
    const taken = this.#settle(outcomes);
    const back = outcomes.length - taken.length;
    toast([taken.length > 0 ? moderator().lotUndone(taken.length) : '', back > 0 ? moderator().lotRefused(back, this.#firstRefusal(outcomes)) : ''].filter(Boolean).join('. '));
  }

  async #bulk(act: string, ids: readonly number[], fields: Record<string, unknown>): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let from = 0; from < ids.length; from += LOT) {
      const part = ids.slice(from, from + LOT);
      const items = part.map((question) => ({ question, version: this.#version(question) }));
      try {
        const { results } = await this.connection.send<{ results?: Outcome[] }>('bulk', { act, items, ...fields }).done;
        outcomes.push(...(results ?? []));
      } catch (error) {
        const { code, detail } = error instanceof Refused ? error : { code: 'unavailable', detail: '' };
        outcomes.push(...part.map((question) => ({ question, code, detail })));
      }
    }
    return outcomes;
  }

  #each(questions: readonly ModeratedQuestion[], act: Act, fields: (question: ModeratedQuestion) => Record<string, unknown>): Promise<Outcome[]> {
    const one = async (question: ModeratedQuestion): Promise<Outcome> => {
      try {
        return { question: question.id, ...(await this.#send(question.id, { act, fields: fields(question) })) };
      } catch (error) {
        const { code, detail, current } = error instanceof Refused ? error : new Refused('unavailable', '');
        return { question: question.id, code, detail, current: (current ?? {}) as Partial<ModeratedQuestion> };
      }
    };
    return Promise.all(questions.map(one));
  }

  /** Takes note of the outcomes; gives the ids of those that went through. */
  #settle(outcomes: readonly Outcome[]): number[] {
    for (const outcome of outcomes) {
      this.#pending.delete(outcome.question);
      if (outcome.code === undefined) this.#learn({ ...outcome });
      else this.#mark(outcome.question, this.#words(outcome));
    }
    this.changed();
    return outcomes.filter((one) => one.code === undefined).map((one) => one.question);
  }

  #firstRefusal(outcomes: readonly Outcome[]): string {
    const first = outcomes.filter((one) => one.code !== undefined).slice(0, 2);
    return list(first.map((one) => this.#words(one)));
  }

  #remember(done: Done): void {
    this.#done = [...this.#done, done].slice(-UNDO_DEPTH);
  }

  /** Commands about one question go one after the other, each with the version the last one left. */
  async #inTurn(id: number, act: Act, run: () => Promise<void>): Promise<boolean> {
    this.#pending.set(id, act);
    this.refused.delete(id);
    this.changed();
    const turn = (this.#chains.get(id) ?? Promise.resolve()).then(run).then(
      () => true,
      (error: unknown) => {
        this.#versions.delete(id);
        this.tell(id, error);
        return false;
      },
    );
    this.#chains.set(id, turn);
    const ok = await turn;
    if (this.#chains.get(id) === turn) {
      this.#chains.delete(id);
      this.#pending.delete(id);
      this.changed();
    }
    return ok;
  }

  async #send(id: number, { act, fields }: Step): Promise<Record<string, unknown>> {
    const about = act === 'unban' ? {} : ASIDE.has(act) ? { question: id } : { question: id, version: this.#version(id) };
    const result = await this.connection.send(act, { ...about, ...fields }).done;
    this.#learn({ question: id, ...result });
    return result;
  }

  #learn({ question, version }: Record<string, unknown>): void {
    if (typeof question === 'number' && typeof version === 'number') this.#versions.set(question, { version, at: performance.now() });
  }

  /** The view lags a little behind what was acknowledged. */
  #version(id: number): number {
    return Math.max(this.#current(id)?.version ?? 0, this.#versions.get(id)?.version ?? 0);
  }

  #current(id: number): ModeratedQuestion | undefined {
    return this.connection.topic('moderation').map.get(`q/${id}`) as ModeratedQuestion | undefined;
  }

  #mark(id: number, text: string): void {
    this.refused.set(id, text);
    setTimeout(() => {
      if (this.refused.get(id) !== text) return;
      this.refused.delete(id);
      this.changed();
    }, REFUSED_MS);
    this.changed();
  }

  #words({ question, code = 'unavailable', detail, current = this.#current(question) ?? {} }: Outcome): string {
    const t = moderator();
    const number = current.number ?? this.#current(question)?.number ?? question;
    if (code === 'claimed') return t.claimedBy(number, current.claim?.by ?? '');
    if ((code === 'stale' || code === 'wrong_state') && current.state) return t.stale(number, common().state[current.state], current.by ?? '');
    return t.refused(number, common().refusal[code] ?? detail ?? '');
  }
}
