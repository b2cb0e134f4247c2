/**
 * The state of one moderator's page: which question is chosen, how the columns are ordered, what the drawer is doing.
 * Owns no command (see `actions`) and draws nothing.
 */
import { named } from '../../components/question.js';
import type { Connection } from '../../live/connection.js';
import { local } from '../../live/store.js';
import type { Balance, DeclineCode, EventInfo, ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { Actions } from './actions.js';
import { Arrivals } from './arrivals.js';
import { missing, type Dimension } from './balance.js';
import { inShownOrder, kept, matches, running, toSort, type ColumnName, type KeptOrder, type SortOrder } from './columns.js';

/** The reasons in the order of their digits. */
export const REASONS: readonly DeclineCode[] = ['answered', 'duplicate', 'off_topic', 'too_long', 'unclear', 'personal', 'unlawful', 'time', 'other'];

/** What the drawer shows below the question. */
export type DrawerMode = 'acts' | 'why' | 'whyOther' | 'edit' | 'written';

export interface Lists {
  sort: ModeratedQuestion[];
  waiting: ModeratedQuestion[];
  kept: ModeratedQuestion[];
  running: ModeratedQuestion[];
}

/** Below this width the drawer covers the list: it opens only when asked for. */
const PHONE = '(max-width: 45rem)';

export class Desk {
  readonly actions: Actions;
  column: ColumnName = 'sort';
  chosen: number | undefined;
  drawerOpen = !matchMedia(PHONE).matches;
  mode: DrawerMode = 'acts';
  sortOrder: SortOrder = 'oldest';
  keptOrder: KeptOrder = 'votes';
  dimension: Dimension = 'public';
  search = '';
  searchOpen = false;
  keysOn = local.get('pl-moderator-keys') !== 'off';
  /** True while the pointer or the focus is in the second column: its order stays. */
  readingKept = false;
  lists: Lists = { sort: [], waiting: [], kept: [], running: [] };
  #arrivals = new Arrivals();
  #keptShown: number[] = [];

  constructor(
    private readonly connection: Connection,
    private readonly event: () => EventInfo | undefined,
    readonly changed: () => void,
  ) {
    this.actions = new Actions(connection, changed);
  }

  get questions(): ModeratedQuestion[] {
    const all: ModeratedQuestion[] = [];
    for (const [key, value] of this.connection.topic('moderation').map) if (key.startsWith('q/')) all.push(value as ModeratedQuestion);
    return all;
  }

  get balance(): Balance | undefined {
    return this.connection.topic('moderation').map.get('balance') as Balance | undefined;
  }

  question(id: number | undefined): ModeratedQuestion | undefined {
    return id === undefined ? undefined : (this.connection.topic('moderation').map.get(`q/${id}`) as ModeratedQuestion | undefined);
  }

  /** Computes the columns anew; called once before each drawing. */
  arrange(): void {
    const questions = this.questions;
    const found = this.search ? questions.filter((question) => matches(question, this.search)) : questions;
    const sorted = toSort(found, this.sortOrder);
    const reading = this.search === '' && this.sortOrder !== 'declined' && this.sortOrder !== 'answered';
    const { shown, waiting } = reading ? this.#arrivals.split(sorted) : { shown: sorted, waiting: [] };
    let second = kept(found, this.keptOrder, missing(this.balance));
    if (this.readingKept) second = inShownOrder(second, this.#keptShown);
    this.#keptShown = second.map((question) => question.id);
    this.lists = { sort: shown, waiting, kept: second, running: running(found) };
    this.#settleChoice();
  }

  /** The waiting arrivals join the list. */
  revealArrivals(): void {
    this.#arrivals.reveal(this.lists.waiting);
    this.changed();
  }

  pending(id: number): boolean {
    return this.actions.pending.has(id);
  }

  choose(column: ColumnName, id: number | undefined, open = false): void {
    if (id !== this.chosen) this.mode = 'acts';
    this.column = column;
    this.chosen = id;
    if (open) this.drawerOpen = true;
    this.changed();
  }

  /** Moves the choice within its column; stays at the ends. */
  step(by: 1 | -1): void {
    const list = this.lists[this.column];
    const at = list.findIndex((question) => question.id === this.chosen);
    const next = list[at < 0 ? 0 : Math.min(list.length - 1, Math.max(0, at + by))];
    if (next) this.choose(this.column, next.id);
  }

  goColumn(column: ColumnName): void {
    this.choose(column, this.lists[column][0]?.id);
  }

  /** Acts on a question and moves the choice on when it was the chosen one. */
  approve(question: ModeratedQuestion): void {
    this.#moveOn(question);
    this.actions.approve(question);
  }

  stage(question: ModeratedQuestion): void {
    this.#moveOn(question);
    this.actions.stage(question);
  }

  decline(question: ModeratedQuestion, code: DeclineCode, text?: string): void {
    this.mode = 'acts';
    this.#moveOn(question);
    this.actions.decline(question, text ? { code, text } : { code });
  }

  startDecline(column: ColumnName, question: ModeratedQuestion): void {
    this.choose(column, question.id, true);
    this.setMode('why');
  }

  setMode(mode: DrawerMode): void {
    this.mode = mode;
    if (mode !== 'acts') this.drawerOpen = true;
    this.changed();
  }

  closeDrawer(): void {
    this.drawerOpen = false;
    this.mode = 'acts';
    this.changed();
  }

  setKeys(on: boolean): void {
    this.keysOn = on;
    local.set('pl-moderator-keys', on ? 'on' : 'off');
    this.changed();
  }

  themeName(id: string | undefined): string {
    return named(this.event()?.themes, id) ?? '';
  }

  siteName(id: string | undefined): string {
    return named(this.event()?.sites, id) ?? '';
  }

  publicName(id: string | undefined): string {
    return named(this.event()?.publics, id) ?? '';
  }

  /** The reason of a declined question in words. */
  reason(question: ModeratedQuestion): string {
    const { reason } = question;
    if (!reason) return common().state.declined;
    return reason.text || common().decline[reason.code];
  }

  /** The next question of the column takes the choice, so that triage goes on without reaching for J. */
  #moveOn(question: ModeratedQuestion): void {
    if (this.chosen !== question.id) return;
    const list = this.lists[this.column];
    const at = list.findIndex((one) => one.id === question.id);
    const next = list[at + 1] ?? list[at - 1];
    this.mode = 'acts';
    this.chosen = next?.id;
  }

  /** Without a choice the first card is it, so that the first key pressed does something. A question that left the column keeps the drawer. */
  #settleChoice(): void {
    if (this.chosen !== undefined && this.question(this.chosen) !== undefined) return;
    this.chosen = this.lists[this.column][0]?.id;
  }
}
