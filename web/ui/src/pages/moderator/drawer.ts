/** The chosen question in full: both texts, what may be done, theme and room, history. Draws; acts through the desk. */
import { html, nothing, type TemplateResult } from 'lit';
import { ref } from 'lit/directives/ref.js';
import { icon } from '../../components/icon.js';
import { empty, kbd, plate, status } from '../../components/parts.js';
import type { EventInfo, ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import { asker } from './card.js';
import type { Desk } from './desk.js';
import { foot } from './drawer-foot.js';

export function drawer(desk: Desk, event: EventInfo): TemplateResult | typeof nothing {
  if (!desk.drawerOpen) return nothing;
  const t = moderator();
  const question = desk.question(desk.chosen);
  if (!question) return html`<aside class="drawer" aria-label=${t.emptyDrawer.title}>${empty('list', t.emptyDrawer.title, t.emptyDrawer.text)}</aside>`;
  return html`<aside class="drawer" aria-labelledby="m-drawer">
    <div class="drawer__head">
      <h2 id="m-drawer" class="grow">${common().question(question.number)}</h2>
      ${headState(desk, question)}
      <button class="btn btn--quiet btn--icon" type="button" aria-label=${t.close(question.number)} @click=${() => desk.closeDrawer()}>${icon('x')}</button>
    </div>
    <div class="drawer__body" tabindex="0" role="region" aria-label=${t.detail(question.number)}>
      ${desk.mode === 'edit' ? editor(desk, question, event) : texts(desk, question)} ${desk.mode === 'edit' ? nothing : choices(desk, question, event)} ${history(question, event)}
    </div>
    <div class="drawer__foot">${foot(desk, question)}</div>
  </aside>`;
}

function headState(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator();
  if (desk.pending(question.id)) return status('clock', t.pending);
  if (question.state === 'on_air') return plate(t.onAir, 'air');
  if (question.state === 'declined') return status('no', common().state.declined);
  return html`<span class="status" data-kind="ink"><span>${common().state[question.state]}</span></span>`;
}

function texts(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator();
  const reworded = question.original !== undefined && question.original !== question.text;
  const by = question.by ? (reworded ? t.rewordedBy(question.by) : t.lastBy(question.by)) : reworded ? `${t.reworded}.` : '';
  return html`<section class="stack stack--tight">
    <p class="strong q__lead">${question.text}</p>
    ${reworded ? html`<p class="orig"><span class="vh">${t.original}</span>« ${question.original} »</p>` : nothing}
    <div class="row">
      <span class="small muted grow">${asker(desk, question)}. ${t.votes(question.votes)}. ${by}</span>
      ${editable(question)
        ? html`<button class="btn btn--dense" type="button" @click=${() => desk.setMode('edit')}>${icon('pen', 's')}${t.acts.edit}${kbd('E')}</button>`
        : nothing}
    </div>
    ${question.reason ? html`<p class="q__why">${desk.reason(question)}</p>` : nothing}
    ${question.written ? html`<p class="q__why"><b>${t.writtenReply}</b><br />${question.written}</p>` : nothing}
  </section>`;
}

function editor(desk: Desk, question: ModeratedQuestion, event: EventInfo): TemplateResult {
  const t = moderator();
  const save = (submit: Event): void => {
    submit.preventDefault();
    const text = (new FormData(submit.target as HTMLFormElement).get('text') as string).trim();
    desk.setMode('acts');
    if (text !== '' && text !== question.text) desk.actions.edit(question, { text });
  };
  return html`<form class="stack" @submit=${save}>
    <div class="field">
      <label for="m-edit">${t.editText}</label>
      <textarea class="input" id="m-edit" name="text" rows="5" maxlength=${event.questions.max_length} .value=${question.text} @keydown=${submitOnEnter} ${ref(focusOnce)}></textarea>
    </div>
    <div class="row">
      <button class="btn btn--primary" type="submit">${t.save}</button>
      <button class="btn btn--quiet" type="button" @click=${() => desk.setMode('acts')}>${t.back}</button>
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
function focusOnce(element: Element | undefined): void {
  const field = element as HTMLTextAreaElement | HTMLInputElement | undefined;
  queueMicrotask(() => field?.focus());
}

function choices(desk: Desk, question: ModeratedQuestion, event: EventInfo): TemplateResult {
  const t = moderator();
  const set = (field: 'theme' | 'site') => (change: Event) => {
    const value = (change.target as HTMLSelectElement).value;
    desk.actions.edit(question, { [field]: value || null });
  };
  if (!editable(question)) return html``;
  return html`<section class="twofields">
    ${select('m-theme', t.theme, t.noTheme, event.themes, question.theme, set('theme'), 'T')} ${select('m-site', t.who, t.choose, event.sites, question.site, set('site'))}
  </section>`;
}

function select(id: string, label: string, none: string, options: readonly { id: string; name: string }[], value: string | undefined, change: (event: Event) => void, key?: string): TemplateResult {
  return html`<div class="field">
    <label for=${id}>${label} ${key ? kbd(key) : nothing}</label>
    <select class="input" id=${id} @change=${change} .value=${value ?? ''}>
      <option value="" ?selected=${!value}>${none}</option>
      ${options.map((option) => html`<option value=${option.id} ?selected=${option.id === value}>${option.name}</option>`)}
    </select>
  </div>`;
}

function history(question: ModeratedQuestion, event: EventInfo): TemplateResult {
  const t = moderator();
  const lines: [number | undefined, string][] = [
    [question.answered_at, t.answeredAt],
    [question.air_at, t.aired],
    [question.asked_at, t.asked],
  ];
  return html`<section>
    <h3>${t.history}</h3>
    <ol class="hist" role="list">
      ${lines.map(([at, text]) => (at ? html`<li><time class="num">${time(at, event.timezone)}</time><span>${text}</span></li>` : nothing))}
    </ol>
  </section>`;
}

/** A closed question keeps its words and tags. */
export function editable({ state }: ModeratedQuestion): boolean {
  return state === 'received' || state === 'approved' || state === 'staged' || state === 'on_air';
}
