/** `<pl-mine>`: one's own questions, those on their way first, with what became of them; withdrawn after a time to think again. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { define, Element } from '../../components/element.js';
import { status } from '../../components/parts.js';
import { card } from '../../components/question.js';
import { toast } from '../../components/toast.js';
import { type Connection, Refused } from '../../live/connection.js';
import type { OwnQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { viewer } from '../../locales/viewer.js';
import type { Asks, Waiting } from './asks.js';
import { type Around, stateWord, why } from './became.js';

/** More than this are folded away. */
const FEW = 4;
/** The person may take it back while it is in one of these. */
const WITHDRAWABLE = new Set(['received', 'held', 'approved', 'staged', 'deferred']);

export class Mine extends Element {
  @property({ attribute: false }) live!: Connection;
  @property({ attribute: false }) asks!: Asks;
  @property({ attribute: false }) around!: Around;
  /** Set by the page at each drawing. */
  @property({ attribute: false, hasChanged: () => true }) stamp: unknown;
  @state() private all = false;
  /** Withdrawn here, not yet told: it can still be undone. */
  private readonly leaving = new Set<number>();

  protected override render(): TemplateResult | typeof nothing {
    const t = viewer();
    const waiting = this.asks.waiting;
    const known = this.known();
    if (waiting.length + known.length === 0) return nothing;
    const shown = this.all ? known : known.slice(0, FEW);
    return html`<section class="list" aria-labelledby="h-mine">
      <h2 id="h-mine">${t.mine}</h2>
      ${waiting.map((one) => this.onItsWay(one))} ${repeat(shown, (q) => q.id, (q) => this.card(q))}
      ${known.length > FEW
        ? html`<button class="btn btn--quiet btn--dense" type="button" aria-expanded=${String(this.all)} @click=${() => (this.all = !this.all)}>
            ${this.all ? t.fewer : t.more(known.length - FEW)}
          </button>`
        : nothing}
    </section>`;
  }

  private known(): OwnQuestion[] {
    const all: OwnQuestion[] = [];
    for (const [key, value] of this.live.topic('mine').map) if (key.startsWith('q/')) all.push(value as OwnQuestion);
    return all.sort((a, b) => b.asked_at - a.asked_at || b.id - a.id);
  }

  private onItsWay(one: Waiting): TemplateResult {
    const t = viewer();
    const words = one.taken ? t.stateReceived : this.live.state === 'offline' ? t.kept : t.sending;
    return card({ dense: true, pending: !one.taken, text: one.text, head: status('clock', words) });
  }

  private card(q: OwnQuestion): TemplateResult {
    const t = viewer();
    const leaving = this.leaving.has(q.id);
    return card({
      dense: true,
      className: 'q--mine',
      pending: leaving,
      text: q.text,
      head: html`${leaving ? status('no', t.stateWithdrawn) : stateWord(q, this.around)}
        <span class="row q__end">${!leaving && WITHDRAWABLE.has(q.state) ? this.withdrawButton(q) : nothing}<span class="q__no">${q.number}</span></span>`,
      after: leaving ? nothing : why(q, this.around),
    });
  }

  private withdrawButton(q: OwnQuestion): TemplateResult {
    const t = viewer();
    return html`<button class="btn btn--quiet btn--dense" type="button" aria-label=${t.withdrawNumber(q.number)} @click=${(event: MouseEvent) => this.withdraw(q, event.detail === 0)}>${t.withdraw}</button>`;
  }

  /** Told to the server once the time to undo is over: there is no way back afterwards. */
  private withdraw(q: OwnQuestion, byKey: boolean): void {
    const t = viewer();
    this.leaving.add(q.id);
    this.requestUpdate();
    const stay = (): void => {
      this.leaving.delete(q.id);
      this.requestUpdate();
    };
    const leave = (): void => {
      this.live.send('withdraw', { question: q.id }).done.then(stay, (error: unknown) => {
        stay();
        if (error instanceof Refused) toast(t.notWithdrawn(q.number, common().refusal[error.code] ?? error.detail));
      });
    };
    toast(t.withdrawn(q.number), stay, undefined, leave);
    // By keyboard: the button is gone, the way back is the next one; the message waits while it has the focus.
    if (byKey) requestAnimationFrame(() => document.querySelector<HTMLElement>('.toast .btn')?.focus());
  }
}
define('pl-mine', Mine);
