/** The chosen question in full: texts, similar ones, tags, notes, history, author. Draws; acts through the desk. */
import { html, nothing, type TemplateResult } from 'lit';
import { ref } from 'lit/directives/ref.js';
import { icon } from '../../components/icon.js';
import { banner, empty, kbd, plate, status } from '../../components/parts.js';
import { spaced } from '../../components/question.js';
import type { EventInfo, ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import { bulkDrawer } from './bulk.js';
import { asker, claimMark, heldWhy } from './card.js';
import type { Desk } from './desk.js';
import { foot } from './drawer-foot.js';
import { author, fields, notes, similar, united } from './drawer-parts.js';
import { historyOf } from './history.js';

export function drawer(desk: Desk, event: EventInfo): TemplateResult | typeof nothing {
  if (!desk.drawerOpen) return nothing;
  const t = moderator();
  if (desk.selected.size > 0) return bulkDrawer(desk, event);
  const question = desk.question(desk.chosen);
  if (!question) return html`<aside class="drawer" aria-label=${t.emptyDrawer.title}>${empty('list', t.emptyDrawer.title, t.emptyDrawer.text)}</aside>`;
  return html`<aside class="drawer" aria-labelledby="m-drawer">
    ${head(desk, question)}
    <div class="drawer__body" tabindex="0" role="region" aria-label=${t.detail(question.number)}>
      ${elsewhere(desk, question)} ${desk.mode === 'edit' ? editor(desk, question, event) : texts(desk, question, event)}
      ${desk.mode === 'edit'
        ? nothing
        : html`${united(desk, question)} ${similar(desk, question)} ${fields(desk, question, event)} ${notes(desk, question, event)} ${historyOf(desk, question, event)} ${author(desk, question)}`}
    </div>
    <div class="drawer__foot">${foot(desk, question)}</div>
  </aside>`;
}

function head(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator();
  const step = (by: 1 | -1) => (): void => desk.step(by);
  return html`<div class="drawer__head">
    <h2 id="m-drawer" class="grow">${common().question(question.number)}</h2>
    ${headState(desk, question)}
    <span class="drawer__steps">
      <button class="btn btn--quiet btn--icon btn--dense" type="button" title="K" aria-label=${t.previous} @click=${step(-1)}>${icon('up', 's')}</button>
      <button class="btn btn--quiet btn--icon btn--dense" type="button" title="J" aria-label=${t.following} @click=${step(1)}>${icon('down', 's')}</button>
    </span>
    <button class="btn btn--quiet btn--icon" type="button" aria-label=${t.close(question.number)} @click=${() => desk.closeDrawer()}>${icon('x')}</button>
  </div>`;
}

function headState(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator();
  if (desk.actions.pending(question)) return status('clock', t.pending);
  const claim = claimMark(desk, question, t.takenByYou);
  if (claim !== nothing) return html`<span class="small">${claim}</span>`;
  if (question.state === 'on_air') return plate(t.onAir, 'air');
  const open = question.state === 'received' || question.state === 'held';
  if (!open) return html`<span class="status" data-kind="ink"><span>${common().state[question.state]}</span></span>`;
  return html`<button class="btn btn--quiet btn--dense" type="button" @click=${() => desk.claimNow(question)}>${icon('hand', 's')}${t.acts.claim}${kbd('C')}</button>`;
}

/** What stands in the way: a colleague's claim, the quarantine, a refusal. */
function elsewhere(desk: Desk, question: ModeratedQuestion): TemplateResult | typeof nothing {
  const t = moderator();
  const other = desk.claims.others(question);
  const refused = desk.actions.refused.get(question.id);
  return html`${other
    ? banner(
        'plain',
        'hand',
        html`${t.readsNow(other.by)} <pl-lease .until=${other.until}></pl-lease>`,
        html`<button class="btn btn--dense" type="button" @click=${() => desk.claimNow(question, true)}>${t.takeOver}${kbd('C')}</button>`,
      )
    : nothing}
  ${refused ? banner('look', 'warn', refused) : nothing}
  ${question.state === 'held' ? html`<p class="banner" data-kind="look">${icon('warn')}<span class="grow">${t.heldFor(heldWhy(question.held))}. ${t.heldNote}</span></p>` : nothing}`;
}

function texts(desk: Desk, question: ModeratedQuestion, event: EventInfo): TemplateResult {
  const t = moderator();
  const reworded = question.original !== undefined && question.original !== question.text;
  const by = question.by ? (reworded ? t.rewordedBy(question.by) : t.lastBy(question.by)) : reworded ? `${t.reworded}.` : '';
  return html`<section class="stack stack--tight">
    <p class="strong q__lead">${spaced(question.text)}</p>
    ${reworded ? html`<p class="orig"><span class="vh">${t.original}</span>«\u202f${spaced(question.original ?? '')}\u202f»</p>` : nothing}
    <div class="row">
      <span class="small muted grow">${asker(desk, question)}. ${t.votes(question.votes)}. ${by}</span>
      ${editable(question)
        ? html`<button class="btn btn--dense" type="button" @click=${() => desk.setMode('edit')}>${icon('pen', 's')}${t.acts.edit}${kbd('E')}</button>`
        : nothing}
    </div>
    ${question.reason ? html`<p class="q__why">${desk.reason(question)}</p>` : nothing}
    ${question.deferred_to ? html`<p class="q__why">${t.deferredTo(question.deferred_to)}</p>` : nothing}
    ${question.written ? html`<p class="q__why"><b>${question.to === 'one' ? t.writtenToOne : t.writtenReply}</b><br />${question.written}</p>` : nothing}
    ${question.answered_at ? html`<p class="small muted">${t.answeredAt(time(question.answered_at, event.timezone))}</p>` : nothing}
  </section>`;
}

function editor(desk: Desk, question: ModeratedQuestion, event: EventInfo): TemplateResult {
  const t = moderator();
  const save = async (submit: Event): Promise<void> => {
    submit.preventDefault();
    const text = (new FormData(submit.target as HTMLFormElement).get('text') as string).trim();
    if (text === '' || desk.actions.away()) return;
    desk.setMode('acts');
    if (text === question.text || (await desk.actions.act(question, 'edit', { text }))) desk.drafts.clear('edit', question.id);
  };
  return html`<form class="stack" @submit=${(event: Event) => void save(event)}>
    <div class="field">
      <label for="m-edit">${t.editText}</label>
      <textarea
        class="input"
        id="m-edit"
        name="text"
        rows="5"
        maxlength=${desk.policy?.max_length ?? event.questions.max_length}
        .value=${desk.drafts.get('edit', question.id) ?? question.text}
        @input=${(input: Event) => desk.drafts.set('edit', question.id, (input.target as HTMLTextAreaElement).value)}
        @keydown=${submitOnEnter}
        ${ref(focusOnce)}
      ></textarea>
    </div>
    ${question.original && question.original !== question.text ? html`<p class="orig"><span class="vh">${t.original}</span>«\u202f${spaced(question.original)}\u202f»</p>` : nothing}
    <div class="row">
      <button class="btn btn--primary" type="submit">${t.save}</button>
      <button class="btn btn--quiet" type="button" @click=${() => (desk.drafts.clear('edit', question.id), desk.setMode('acts'))}>${t.back}</button>
    </div>
  </form>`;
}

/** A question is one paragraph: Enter saves, Shift+Enter breaks the line. */
function submitOnEnter(event: KeyboardEvent): void {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  (event.target as HTMLTextAreaElement).form?.requestSubmit();
}

/** Brings the focus in when the field appears. */
export function focusOnce(element: Element | undefined): void {
  const field = element as HTMLTextAreaElement | HTMLInputElement | undefined;
  queueMicrotask(() => field?.focus());
}

/** A closed question keeps its words and tags. */
export function editable({ state }: ModeratedQuestion): boolean {
  return state === 'received' || state === 'held' || state === 'approved' || state === 'staged' || state === 'on_air';
}
