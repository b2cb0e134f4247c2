/**
 * The state of one moderator's page: which question is chosen, which are selected, how the columns are ordered and
 * filtered, what the drawer is doing. Sends nothing itself (see `actions` and `claims`) and draws nothing.
 */
import { named } from '../../components/question.js';
import { toast } from '../../components/toast.js';
import type { Connection } from '../../live/connection.js';
import { local } from '../../live/store.js';
import type { Balance, DeclineCode, EventInfo, FairNext, Hand, JournalEntry, ModeratedQuestion, PolicyView } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { moderator } from '../../locales/moderator.js';
import { Actions } from './actions.js';
import { Arrivals } from './arrivals.js';
import { missing, type Dimension } from './balance.js';
import { Claims } from './claims.js';
import { between, inShownOrder, isClosed, kept, running, toSort, type ColumnName, type KeptOrder, type SortOrder } from './columns.js';
import { Drafts } from './drafts.js';
import { countOf, NO_FILTERS, passing, type Filters } from './filters.js';
import { Hands } from './hands.js';
import { Lookup } from './lookup.js';

/** The reasons in the order of their digits. */
export const REASONS: readonly DeclineCode[] = ['answered', 'duplicate', 'off_topic', 'too_long', 'unclear', 'personal', 'unlawful', 'time', 'other'];

/** What the drawer shows below the question. */
export type DrawerMode = 'acts' | 'why' | 'whyOther' | 'edit' | 'written' | 'defer' | 'ban';

export interface Lists {
  held: ModeratedQuestion[];
  sort: ModeratedQuestion[];
  waiting: ModeratedQuestion[];
  kept: ModeratedQuestion[];
  running: ModeratedQuestion[];
}

/** `similar`: one that looks like the question asked about. */
export interface SimilarOne {
  id: number;
  text: string;
  state: ModeratedQuestion['state'];
  votes: number;
}

/** Arrivals are announced at most this often. */
const ANNOUNCE_MS = 20_000;

/** Below this width the drawer covers the list: it opens only when asked for. */
export const PHONE = '(max-width: 45rem)';

export class Desk {
  readonly actions: Actions;
  readonly claims: Claims;
  readonly hands: Hands;
  readonly drafts: Drafts;
  readonly similar: Lookup<SimilarOne[]>;
  readonly history: Lookup<JournalEntry[]>;
  column: ColumnName = 'sort';
  chosen: number | undefined;
  readonly selected = new Set<number>();
  drawerOpen = !matchMedia(PHONE).matches;
  mode: DrawerMode = 'acts';
  sortOrder: SortOrder = 'oldest';
  keptOrder: KeptOrder = 'votes';
  dimension: Dimension = 'public';
  filters: Filters = { ...NO_FILTERS };
  filtersOpen = false;
  fairOpen = false;
  searchOpen = false;
  heldOpen = true;
  /** The whole history is shown, of this question and the next ones. */
  historyOpen = false;
  keysOn = local.get('pl-moderator-keys') !== 'off';
  /** True while the pointer is in the second column: its order stays. */
  readingKept = false;
  lists: Lists = { held: [], sort: [], waiting: [], kept: [], running: [] };
  /** How many wait, for screen readers: said now and then, not at each arrival. */
  announced = '';
  #announcedAt = -Infinity;
  #arrivals = new Arrivals();
  #keptShown: number[] = [];
  /** Where the choice last stood in its column, for when the chosen question leaves it. */
  #at = 0;
  /** Where a range began. */
  #anchor: number | undefined;

  constructor(
    readonly connection: Connection,
    private readonly event: () => EventInfo | undefined,
    eventId: string,
    readonly changed: () => void,
  ) {
    this.claims = new Claims(connection, (id, by) => this.#overtaken(id, by));
    this.actions = new Actions(connection, changed, (id) => void this.claims.claim(id, true));
    this.hands = new Hands(connection, changed);
    this.drafts = new Drafts(eventId);
    this.similar = new Lookup(async (question) => (await connection.send<{ questions?: SimilarOne[] }>('similar', { question }).done).questions ?? [], changed);
    this.history = new Lookup(async (question) => (await connection.send<{ entries?: JournalEntry[] }>('history', { question }).done).entries ?? [], changed);
  }

  get questions(): ModeratedQuestion[] {
    const all: ModeratedQuestion[] = [];
    for (const [key, value] of this.#view) if (key.startsWith('q/')) all.push(value as ModeratedQuestion);
    return all;
  }

  get raised(): Hand[] {
    const all: Hand[] = [];
    for (const [key, value] of this.#view) if (key.startsWith('hand/')) all.push(value as Hand);
    return all;
  }

  get balance(): Balance | undefined {
    return this.#view.get('balance') as Balance | undefined;
  }

  get next(): FairNext | undefined {
    return (this.#view.get('next') as FairNext | null | undefined) ?? undefined;
  }

  get policy(): PolicyView | undefined {
    return this.#view.get('policy') as PolicyView | undefined;
  }

  question(id: number | undefined): ModeratedQuestion | undefined {
    return id === undefined ? undefined : (this.#view.get(`q/${id}`) as ModeratedQuestion | undefined);
  }

  /** The selected questions that still exist. */
  get selection(): ModeratedQuestion[] {
    return [...this.selected].map((id) => this.question(id)).filter((one) => one !== undefined);
  }

  /** Computes the columns anew; called once before each drawing. */
  arrange(): void {
    const found = passing(this.questions, this.filters, (question) => this.claims.mine(question) !== undefined);
    const sorted = toSort(found, this.sortOrder);
    const reading = !this.#filtering && !isClosed(this.sortOrder);
    const { shown, waiting } = reading ? this.#arrivals.split(sorted) : { shown: sorted, waiting: [] };
    this.#announce(waiting.length);
    let second = kept(found, this.keptOrder, missing(this.balance));
    if (this.readingKept) second = inShownOrder(second, this.#keptShown);
    this.#keptShown = second.map((question) => question.id);
    const held = shown.filter((question) => question.state === 'held');
    const sort = shown.filter((question) => question.state !== 'held');
    this.lists = { held, sort, waiting, kept: second, running: running(found) };
    for (const id of this.selected) if (!this.question(id)) this.selected.delete(id);
    this.#settleChoice();
  }

  /** What J and K go through in a column. */
  path(column: ColumnName): readonly ModeratedQuestion[] {
    if (column !== 'sort') return this.lists[column];
    return this.heldOpen ? [...this.lists.held, ...this.lists.sort] : this.lists.sort;
  }

  /** The waiting arrivals join the list. */
  revealArrivals(): void {
    this.#arrivals.reveal(this.lists.waiting);
    this.changed();
  }

  /** Chooses a card. `open`: to work on it, so the colleagues are told at once. */
  choose(column: ColumnName, id: number | undefined, open = false): void {
    if (id !== this.chosen) this.mode = 'acts';
    this.column = column;
    this.chosen = id;
    if (open) this.drawerOpen = true;
    this.#follow(open);
    this.changed();
  }

  /** Moves the choice within its column; stays at the ends. `extend` selects on the way. */
  step(by: 1 | -1, extend = false): void {
    const list = this.path(this.column);
    const here = list.findIndex((question) => question.id === this.chosen);
    const to = here < 0 ? this.#at : here + by;
    const next = list[Math.min(list.length - 1, Math.max(0, to))];
    if (!next) return;
    if (extend) {
      this.#anchor ??= this.chosen;
      this.#selectTo(this.column, next.id);
    }
    this.choose(this.column, next.id);
  }

  goColumn(column: ColumnName): void {
    this.choose(column, this.path(column)[0]?.id);
  }

  /** Selects or leaves a card; with `range`, everything from the last one touched. */
  toggle(column: ColumnName, id: number, range = false): void {
    if (range && this.#anchor !== undefined) this.#selectTo(column, id);
    else if (!this.selected.delete(id)) this.selected.add(id);
    if (!range) this.#anchor = id;
    this.#selecting();
  }

  selectAll(column: ColumnName): void {
    for (const { id } of this.path(column)) this.selected.add(id);
    this.#selecting();
  }

  /** `dealt`: what was selected leaves its column, so the choice goes on to what was not. */
  clearSelection(dealt = false): void {
    const list = this.path(this.column);
    if (dealt && this.chosen !== undefined && this.selected.has(this.chosen)) {
      const at = list.findIndex((one) => one.id === this.chosen);
      const next = [...list.slice(at), ...list.slice(0, at).reverse()].find((one) => !this.selected.has(one.id));
      if (next) this.chosen = next.id;
    }
    this.selected.clear();
    this.#anchor = undefined;
    this.setMode('acts');
  }

  /** Acts on a question and moves the choice on when it was the chosen one. Nothing moves without a line. */
  async act(question: ModeratedQuestion, run: () => Promise<boolean>): Promise<boolean> {
    if (this.actions.away()) return false;
    this.mode = 'acts';
    this.#moveOn(question);
    return run();
  }

  approve(question: ModeratedQuestion): void {
    void this.act(question, () => this.actions.act(question, 'approve'));
  }

  holdBack(question: ModeratedQuestion): void {
    void this.act(question, () => this.actions.act(question, 'hold'));
  }

  stage(question: ModeratedQuestion): void {
    void this.act(question, () => this.actions.stage(question));
  }

  merge(question: ModeratedQuestion, into: number): void {
    void this.act(question, () => this.actions.act(question, 'merge', { into }));
  }

  decline(question: ModeratedQuestion, code: DeclineCode, text?: string, see?: number): Promise<boolean> {
    const reason = { code, ...(text ? { text } : {}), ...(see ? { see } : {}) };
    return this.act(question, () => this.actions.act(question, 'decline', { reason }));
  }

  startDecline(column: ColumnName, question: ModeratedQuestion): void {
    this.choose(column, question.id, true);
    this.setMode('why');
  }

  /** Changes what the drawer does. Starting to write is working on it. */
  setMode(mode: DrawerMode): void {
    this.mode = mode;
    if (mode !== 'acts') {
      this.drawerOpen = true;
      const question = this.question(this.chosen);
      if (question && this.selected.size === 0 && mode !== 'ban' && !this.claims.others(question)) this.claimNow(question);
    }
    this.changed();
  }

  claimNow(question: ModeratedQuestion, take = false): void {
    if (this.claims.held === question.id && !take) return;
    void this.claims.claim(question.id, take).then(() => this.changed());
    this.changed();
  }

  closeDrawer(): void {
    this.drawerOpen = false;
    this.mode = 'acts';
    this.claims.leave();
    this.changed();
  }

  setFilters(change: Partial<Filters>): void {
    this.filters = { ...this.filters, ...change };
    const { state } = this.filters;
    if (change.state !== undefined) this.sortOrder = state && isClosed(state) ? state : isClosed(this.sortOrder) ? 'oldest' : this.sortOrder;
    this.changed();
  }

  setSort(order: SortOrder): void {
    this.sortOrder = order;
    this.filters = { ...this.filters, state: isClosed(order) || isClosed(this.filters.state || 'received') ? '' : this.filters.state };
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

  get #view(): ReadonlyMap<string, unknown> {
    return this.connection.topic('moderation').map;
  }

  #announce(waiting: number): void {
    if (waiting === 0) this.announced = '';
    else if (performance.now() - this.#announcedAt > ANNOUNCE_MS) {
      this.announced = moderator().fresh(waiting);
      this.#announcedAt = performance.now();
    }
  }

  get #filtering(): boolean {
    return countOf(this.filters) > 0 || this.filters.search.trim() !== '';
  }

  #selectTo(column: ColumnName, id: number): void {
    for (const one of between(this.path(column), this.#anchor ?? id, id)) this.selected.add(one);
  }

  #selecting(): void {
    this.mode = 'acts';
    if (this.selected.size > 0) {
      this.claims.leave();
      if (!matchMedia(PHONE).matches) this.drawerOpen = true;
    }
    this.changed();
  }

  /** The claim follows the choice while the drawer is open. */
  #follow(now: boolean): void {
    const question = this.question(this.chosen);
    if (!question || !this.drawerOpen || this.selected.size > 0) return this.claims.leave();
    const open = question.state === 'received' || question.state === 'held';
    if (!open) return this.claims.leave();
    if (now && !this.claims.others(question)) this.claimNow(question);
    else this.claims.consider(question);
  }

  /** The next question of the column takes the choice, so that triage goes on without reaching for J. */
  #moveOn(question: ModeratedQuestion): void {
    if (this.claims.held === question.id) this.claims.leave(true);
    if (this.chosen !== question.id) return;
    const list = this.path(this.column);
    const at = list.findIndex((one) => one.id === question.id);
    const next = list[at + 1] ?? list[at - 1];
    this.mode = 'acts';
    this.chosen = next?.id;
    this.#follow(false);
  }

  /** Without a choice the first card is it, so that the first key pressed does something. A question that left the column keeps the drawer. */
  #settleChoice(): void {
    const list = this.path(this.column);
    if (this.question(this.chosen) === undefined) this.chosen = list[0]?.id;
    const at = list.findIndex((question) => question.id === this.chosen);
    if (at >= 0) this.#at = at;
  }

  #overtaken(id: number, by: string): void {
    const number = this.question(id)?.number ?? id;
    toast(moderator().overtaken(number, by), () => void this.claims.claim(id, true), moderator().takeOver);
    this.changed();
  }
}
