/** The moderation page: wires the views, the desk and the keyboard together. Draws through its parts. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { define } from '../../components/element.js';
import { EventPage } from '../../components/page.js';
import { Ticker } from '../../components/tick.js';
import { toast } from '../../components/toast.js';
import { clock } from '../../live/clock.js';
import { Refused, type ConnectionState, type Welcome } from '../../live/connection.js';
import type { Colleague, EventInfo, EventState, Queue } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { date } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import { perMinute } from './arrivals.js';
import { columns, type Loaded } from './column.js';
import { isClosed } from './columns.js';
import { Desk, PHONE } from './desk.js';
import { drawer } from './drawer.js';
import { exportQuestions } from './exports.js';
import { header } from './header.js';
import { help, openHelp } from './help.js';
import { actOf, digitOf, isNamed } from './keys.js';
import type { CardList } from './list.js';
import type { Journal } from './journal.js';
import type { Rules } from './policy.js';
import { perform, pressedDigit } from './pressed.js';
import { strip } from './strip.js';
import './journal.js';
import './policy.js';

export class Moderator extends EventPage {
  readonly desk = new Desk(
    this.live,
    () => this.event,
    this.eventId,
    () => this.requestUpdate(),
  );
  #was: ConnectionState = 'connecting';
  /** Stays while there is no line. */
  #me: Welcome | undefined;
  #sheet = false;

  constructor() {
    super('moderate', ['moderation', 'programme']);
    new Ticker(this, 10_000);
    this.live.listen(() => {
      const back = this.live.state === 'live' && this.#was !== 'live';
      this.#was = this.live.state;
      if (back) this.desk.claims.again();
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('keydown', this.pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('keydown', this.pressed);
  }

  protected override names(): [string, string] {
    return [moderator().title, this.event ? `${this.event.place || this.event.title}, ${dateOf(this.event)}` : ''];
  }

  protected override topExtra(): TemplateResult {
    const view = this.live.topic('moderation').map;
    const colleagues = [...view].filter(([key]) => key.startsWith('colleague/')).map(([, value]) => value as Colleague);
    return header({
      event: this.event as EventInfo,
      running: this.live.topic('programme').map.get('event') as EventState | undefined,
      queue: view.get('queue') as Queue | undefined,
      colleagues,
      me: (this.#me = this.live.welcome ?? this.#me),
      arrivals: perMinute(
        this.desk.questions.map((question) => question.asked_at),
        clock.now(),
        8,
      ),
      now: clock.now(),
      setOpen: (open) => void this.queue({ open }, open ? moderator().done.opened : moderator().done.closed, { open: !open }),
      setModeration: (value) => void this.queue({ moderation: value }, moderator().done[value], { moderation: value === 'before' ? 'after' : 'before' }),
      openSearch: () => this.openSearch(),
      openHelp,
      openRules: () => this.querySelector<Rules>('pl-mod-rules')?.open(),
      openJournal: () => this.querySelector<Journal>('pl-mod-journal')?.open(),
      undo: () => void this.desk.actions.undoLast(),
      exportAs: (format) => void exportQuestions(this.eventId, this.key, format),
    });
  }

  protected override content(event: EventInfo): TemplateResult {
    this.desk.arrange();
    this.dataset['drawer'] = this.desk.drawerOpen ? 'open' : 'closed';
    this.dataset['column'] = this.desk.column;
    const foot = this.foot();
    this.toggleAttribute('data-foot', foot !== nothing);
    return html`${strip(this.desk, event)}
      <main class="cols" id="contenu">
        <h1 class="vh">${moderator().heading}</h1>
        ${columns(this.desk, this.loaded, Math.floor(clock.now() / 60_000))} ${drawer(this.desk, event)}
      </main>
      ${foot} ${help(this.desk)}
      <pl-mod-rules .live=${this.live} .event=${event}></pl-mod-rules>
      <pl-mod-journal .live=${this.live} .zone=${event.timezone} .show=${this.show} .numberOf=${this.numberOf}></pl-mod-journal>`;
  }

  /** On a phone the drawer covers the page: the focus goes in, what is behind keeps still, and it comes back to the card. */
  protected override updated(): void {
    const sheet = matchMedia(PHONE).matches && this.querySelector('.drawer') !== null;
    for (const behind of this.querySelectorAll<HTMLElement>('pl-top, .strip, .col')) behind.inert = sheet;
    if (sheet === this.#sheet) return;
    this.#sheet = sheet;
    if (sheet && !document.activeElement?.closest('.drawer')) this.querySelector<HTMLElement>('.drawer__head .btn:last-child')?.focus();
    if (!sheet) void this.reveal(this.desk.chosen);
  }

  /** Brings a question into sight wherever it is; the focus goes to its card, unless it is in the drawer. */
  async reveal(id: number | undefined): Promise<void> {
    await this.updateComplete;
    if (id === undefined) return;
    for (const list of this.querySelectorAll<CardList>('pl-mod-list')) {
      const card = await list.reveal(id);
      if (card && !document.activeElement?.closest('.drawer, dialog')) card.focus({ preventScroll: true });
    }
  }

  openSearch(): void {
    this.desk.searchOpen = true;
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLInputElement>('#m-search')?.focus());
  }

  /** Opens the drawer on the theme. */
  focusTheme(): void {
    this.desk.drawerOpen = true;
    this.desk.setMode('acts');
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#m-theme')?.focus());
  }

  private get loaded(): Loaded {
    if (this.live.topic('moderation').loaded) return 'loaded';
    return this.live.state === 'offline' ? 'failed' : 'loading';
  }

  /** What stays said at the foot of the page: no line, or (on a phone) how many are selected. */
  private foot(): TemplateResult | typeof nothing {
    const t = moderator();
    const { desk } = this;
    if (this.live.state === 'offline' && this.loaded === 'loaded') {
      return html`<div class="footline" role="status">${icon('warn')}<span class="grow">${t.offlineNote}</span><button class="btn btn--dense" type="button" @click=${this.live.retry}>${common().retry}</button></div>`;
    }
    if (desk.selected.size === 0 || desk.drawerOpen) return nothing;
    const open = (): void => {
      desk.drawerOpen = true;
      desk.changed();
    };
    return html`<div class="footline"><b class="grow" role="status">${t.selected(desk.selected.size)}</b><button class="btn btn--dense btn--primary" type="button" @click=${open}>${t.actOnThem}</button><button class="btn btn--dense" type="button" @click=${() => desk.clearSelection()}>${t.clearSelection}</button></div>`;
  }

  private readonly numberOf = (id: number): number => this.desk.question(id)?.number ?? id;

  /** A question named by the journal: its column comes forward. */
  private readonly show = (id: number): void => {
    const { desk } = this;
    const state = desk.question(id)?.state;
    if (!state) return toast(common().refusal['not_found'] ?? '');
    if (isClosed(state)) desk.setSort(state);
    desk.choose(state === 'approved' ? 'kept' : state === 'staged' || state === 'on_air' ? 'running' : 'sort', id, true);
    void this.reveal(id);
  };

  private async queue(fields: Partial<Queue>, said: string, back: Partial<Queue>): Promise<void> {
    if (this.desk.actions.away()) return;
    try {
      await this.live.send('queue', { ...fields }).done;
      toast(said, () => void this.live.send('queue', { ...back }), moderator().undoKey.replace(/ \(Z\)/, ''));
    } catch (error) {
      if (error instanceof Refused) toast(common().refusal[error.code] ?? error.detail);
    }
  }

  private readonly pressed = (event: KeyboardEvent): void => {
    if (!this.event || event.defaultPrevented || this.querySelector<HTMLDialogElement>('dialog[open]')) return;
    const typing = (event.target as Element).closest?.('input:not([type="checkbox"]), textarea, select');
    const digit = digitOf(event);
    if (this.desk.mode === 'why' && digit && !typing && this.desk.keysOn) {
      event.preventDefault();
      return pressedDigit(this, digit);
    }
    const act = actOf(event);
    if (!act || (!this.desk.keysOn && !isNamed(event))) return;
    if (perform(this, act, event.shiftKey)) event.preventDefault();
  };
}
define('pl-moderator', Moderator);

function dateOf(event: EventInfo): string {
  const [year, month, day] = event.date.split('-').map(Number);
  if (!year || !month || !day) return event.date;
  return date(Date.UTC(year, month - 1, day, 12), 'UTC', false);
}
