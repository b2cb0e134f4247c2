/** The moderation page: wires the views, the desk and the keyboard together. Draws through its parts. */
import { html, type TemplateResult } from 'lit';
import { define } from '../../components/element.js';
import { EventPage } from '../../components/page.js';
import { Ticker } from '../../components/tick.js';
import { toast } from '../../components/toast.js';
import { clock } from '../../live/clock.js';
import { Refused } from '../../live/connection.js';
import type { Colleague, EventInfo, EventState, Queue } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { date } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import { perMinute } from './arrivals.js';
import { columns } from './column.js';
import { COLUMNS } from './columns.js';
import { Desk } from './desk.js';
import { drawer, editable } from './drawer.js';
import { pick } from './drawer-foot.js';
import { header } from './header.js';
import { help, openHelp } from './help.js';
import { actOf, digitOf, type KeyAct } from './keys.js';
import { strip } from './strip.js';

class Moderator extends EventPage {
  private readonly desk = new Desk(
    this.live,
    () => this.event,
    () => this.requestUpdate(),
  );

  constructor() {
    super('moderate', ['moderation', 'programme']);
    new Ticker(this, 10_000);
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
      me: this.live.welcome?.name,
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
    });
  }

  protected override content(event: EventInfo): TemplateResult {
    this.desk.arrange();
    this.dataset['drawer'] = this.desk.drawerOpen ? 'open' : 'closed';
    this.dataset['column'] = this.desk.column;
    const loaded = this.live.topic('moderation').loaded;
    return html`${strip(this.desk, event)}
      <main class="cols" id="contenu">
        <h1 class="vh">${moderator().heading}</h1>
        ${columns(this.desk, loaded, Math.floor(clock.now() / 60_000))} ${drawer(this.desk, event)}
      </main>
      ${help(this.desk)}`;
  }

  private async queue(fields: Partial<Queue>, said: string, back: Partial<Queue>): Promise<void> {
    try {
      await this.live.send('queue', fields).done;
      toast(said, () => void this.live.send('queue', back), moderator().undoKey.replace(/ \(Z\)/, ''));
    } catch (error) {
      if (error instanceof Refused) toast(common().refusal[error.code] ?? error.detail);
    }
  }

  private openSearch(): void {
    this.desk.searchOpen = true;
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLInputElement>('#m-search')?.focus());
  }

  private readonly pressed = (event: KeyboardEvent): void => {
    if (!this.event || this.querySelector<HTMLDialogElement>('dialog[open]')) return;
    const typing = (event.target as Element).closest?.('input, textarea, select');
    const digit = digitOf(event);
    const question = this.desk.question(this.desk.chosen);
    if (this.desk.mode === 'why' && digit && question && !typing && this.desk.keysOn) {
      event.preventDefault();
      return pick(this.desk, question, digit - 1);
    }
    const act = actOf(event);
    if (!act || (!this.desk.keysOn && act !== 'back')) return;
    if (this.perform(act)) event.preventDefault();
  };

  /** True when the key meant something here. */
  private perform(act: KeyAct): boolean {
    const { desk } = this;
    switch (act) {
      case 'next':
        return this.move(() => desk.step(1));
      case 'previous':
        return this.move(() => desk.step(-1));
      case 'column1':
      case 'column2':
      case 'column3':
        return this.move(() => desk.goColumn(COLUMNS[Number(act.at(-1)) - 1] ?? 'sort'));
      case 'undo':
        desk.actions.undoLast();
        return true;
      case 'search':
        this.openSearch();
        return true;
      case 'help':
        openHelp();
        return true;
      case 'back':
        return this.back();
      default:
        return this.performOnChosen(act);
    }
  }

  private performOnChosen(act: KeyAct): boolean {
    const { desk } = this;
    const question = desk.question(desk.chosen);
    if (!question || desk.pending(question.id)) return false;
    const { state } = question;
    if (act === 'edit' && editable(question)) desk.setMode('edit');
    else if (act === 'theme' && editable(question)) this.focusTheme();
    else if (act === 'decline' && (state === 'received' || state === 'approved' || state === 'staged')) desk.setMode('why');
    else if (act === 'approve' && state === 'received') this.move(() => desk.approve(question));
    else if (act === 'stage' && (state === 'received' || state === 'approved')) this.move(() => desk.stage(question));
    else if (act === 'air' && (state === 'approved' || state === 'staged')) desk.actions.air(question);
    else if (act === 'answer' && state === 'on_air') desk.actions.answer(question);
    else return false;
    return true;
  }

  /** Changes the choice and brings the focus along, unless it is in the drawer. */
  private move(change: () => void): true {
    change();
    void this.updateComplete.then(() => {
      const card = this.querySelector<HTMLElement>(`.col article[data-id="${this.desk.chosen}"]`);
      card?.scrollIntoView({ block: 'nearest' });
      if (!document.activeElement?.closest('.drawer')) card?.focus({ preventScroll: true });
    });
    return true;
  }

  private focusTheme(): void {
    this.desk.drawerOpen = true;
    this.desk.setMode('acts');
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#m-theme')?.focus());
  }

  private back(): boolean {
    const { desk } = this;
    if (desk.mode !== 'acts') desk.setMode('acts');
    else if (desk.drawerOpen && matchMedia('(max-width: 72rem)').matches) desk.closeDrawer();
    else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    this.move(() => undefined);
    return true;
  }
}
define('pl-moderator', Moderator);

function dateOf(event: EventInfo): string {
  const [year, month, day] = event.date.split('-').map(Number);
  if (!year || !month || !day) return event.date;
  return date(Date.UTC(year, month - 1, day, 12), 'UTC', false);
}
