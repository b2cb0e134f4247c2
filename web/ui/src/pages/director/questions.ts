/** The questions' stage list in the control room: on air, next, who is to answer and where they are. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../../components/icon.js';
import { plate, status } from '../../components/parts.js';
import { named, spaced } from '../../components/question.js';
import type { EventInfo, ModeratedQuestion } from '../../live/wire.js';
import { director } from '../../locales/director.js';
import type { Actions } from '../moderator/actions.js';
import type { Panel } from './panel-state.js';
import { tallyOf } from './tiles.js';

/** Questions shown; the moderators' page has the rest. */
const SHOWN = 4;

export interface QuestionsState {
  panel: Panel;
  event: EventInfo;
  /** On air first, then the stage list. */
  list: readonly ModeratedQuestion[];
  actions: Actions;
  /** *Jeune public*. */
  young: boolean;
}

export function questionList(state: QuestionsState): TemplateResult {
  const t = director();
  const { list } = state;
  const staged = list.filter((question) => question.state === 'staged').length;
  const more = list.length - SHOWN;
  return html`<section class="stack stack--tight" aria-labelledby="d-questions">
    <div class="h"><h2 id="d-questions">${t.questions}</h2><span class="muted">${t.readyN(staged)}</span></div>
    ${state.young ? html`<p class="young">${status('person', t.young, 'look')}</p>` : nothing}
    ${list.length === 0 ? html`<p class="small muted">${t.noQuestions}</p>` : nothing}
    ${repeat(
      list.slice(0, SHOWN),
      (question) => `${question.id}/${question.state}`,
      (question) => line(state, question),
    )}
    ${more > 0 ? html`<p class="small muted">${t.moreQuestions(more)}</p>` : nothing}
  </section>`;
}

function line(state: QuestionsState, question: ModeratedQuestion): TemplateResult {
  const t = director();
  const { actions } = state;
  const onAir = question.state === 'on_air';
  const act = (name: 'air' | 'off_air' | 'answer') => (): void => void actions.act(question, name);
  return html`<article class="q q--dense" data-state=${onAir ? 'air' : nothing} data-pending=${actions.pending(question) ? 'true' : nothing} aria-label=${t.questionN(question.number)}>
    <div class="q__head">
      <span class="q__no">${question.number}</span>
      ${onAir ? plate(t.onAir, 'air') : html`<span>${forWhom(state.event, question)}</span><button class="btn btn--dense" type="button" @click=${act('air')}>${t.toAir}</button>`}
    </div>
    <p class="q__text q__text--two">${spaced(question.text)}</p>
    ${onAir && question.assigned?.speaker ? html`<p class="q__who">${forWhom(state.event, question)}</p>` : nothing} ${toPreview(state, question)}
    ${onAir
      ? html`<div class="q__foot">
          <button class="btn btn--dense" type="button" @click=${act('answer')}>${icon('check', 's')}${t.answered}</button>
          <button class="btn btn--dense btn--quiet" type="button" @click=${act('off_air')}>${t.offAir}</button>
        </div>`
      : nothing}
  </article>`;
}

/** "pour Claire Weber, Strasbourg": who was assigned, else the room addressed. */
function forWhom(event: EventInfo, { assigned, site }: ModeratedQuestion): string {
  const whom = [assigned?.speaker, named(event.sites, assigned?.site ?? (assigned?.speaker ? undefined : site))].filter(Boolean).join(', ');
  return whom ? director().forSite(whom) : '';
}

/** The room that is to answer, one press from the preview; in words when it is there already. */
function toPreview({ panel, event }: QuestionsState, { assigned, site }: ModeratedQuestion): TemplateResult | typeof nothing {
  const t = director();
  const id = assigned?.site ?? site;
  const name = named(event.sites, id);
  if (!id || !name) return nothing;
  const tally = tallyOf(panel, id);
  if (tally === 'air') return html`<p class="q__room">${status('air', t.roomOnAir(name), 'air')}</p>`;
  if (tally === 'preview') return html`<p class="q__room">${status('next', t.inPreview(name), 'ready')}</p>`;
  return html`<p class="q__room"><button class="btn btn--dense btn--quiet" type="button" @click=${() => panel.putSite(id)}>${icon('next', 's')}${t.toPreview(name)}</button></p>`;
}
