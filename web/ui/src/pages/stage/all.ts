/** Every accepted question, folded away below the next two: searched, in the order of the run sheet or by votes. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { define, Element } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { count, segments } from '../../components/parts.js';
import type { EventInfo, Question } from '../../live/wire.js';
import { stage } from '../../locales/stage.js';
import { finds, waiting, type Order } from './list.js';
import { line, toldOf } from './parts.js';

export class All extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) questions: readonly Question[] = [];
  @state() private order: Order = 'order';
  @state() private search = '';

  protected override render(): TemplateResult | typeof nothing {
    const t = stage();
    const all = waiting(this.questions, this.order);
    if (all.length === 0) return nothing;
    const found = this.search.trim() ? all.filter((question) => finds(question, toldOf(this.event, question), this.search)) : all;
    return html`<details class="all">
      <summary>${icon('chev')}<h2>${t.all}</h2>${count(all.length)}</summary>
      <div class="all__tools">
        <div class="search">
          ${icon('search')}<label class="vh" for="s-search">${t.search}</label>
          <input class="input" id="s-search" type="search" autocomplete="off" placeholder=${t.search} .value=${this.search} @input=${this.typed} />
        </div>
        ${segments<Order>(t.sort, [['order', t.byOrder], ['votes', t.byVotes]], this.order, (order) => (this.order = order))}
      </div>
      <p class="vh" role="status">${this.search.trim() ? t.found(found.length) : nothing}</p>
      ${found.length === 0
        ? html`<p class="muted all__none">${t.foundNone(this.search.trim())}</p>`
        : html`<ol role="list">${repeat(found, (question) => question.id, (question) => line(this.event, question, true))}</ol>`}
    </details>`;
  }

  private readonly typed = (event: Event): void => {
    this.search = (event.target as HTMLInputElement).value;
  };
}
define('pl-stage-all', All);
