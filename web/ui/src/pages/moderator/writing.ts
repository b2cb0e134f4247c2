/** The small forms at the foot of the drawer: a reason in words, a written reply, to whom to defer, why to ban. Draw only. */
import { html, nothing, type TemplateResult } from 'lit';
import { ref } from 'lit/directives/ref.js';
import type { ModeratedQuestion } from '../../live/wire.js';
import { lang, type Lang } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import type { Desk } from './desk.js';
import type { DraftKind } from './drafts.js';
import { focusOnce } from './drawer.js';
import { builtIn, forget, keep, own, type ReplyKind } from './replies.js';

/** The language the asker reads. */
export function languageOf({ asked_from }: Pick<ModeratedQuestion, 'asked_from'>): Lang {
  return asked_from === 'en' || asked_from === 'fr' ? asked_from : lang();
}

interface Form {
  desk: Desk;
  question: ModeratedQuestion;
  kind: DraftKind;
  label: string;
  send: string;
  most: number;
  required?: boolean;
  rows?: number;
  /** Ready-made words offered above the field. */
  ready?: ReplyKind;
  extra?: TemplateResult;
  /** Sends; the draft goes once that went through. */
  done(text: string, form: HTMLFormElement): Promise<boolean>;
}

function form({ desk, question, kind, label, send, most, required = false, rows = 3, ready, extra, done }: Form): TemplateResult {
  const t = moderator();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const element = event.target as HTMLFormElement;
    const text = (element.elements.namedItem('text') as HTMLTextAreaElement).value.trim();
    if (desk.actions.away()) return;
    if (await done(text, element)) desk.drafts.clear(kind, question.id);
  };
  return html`<form class="stack stack--tight" @submit=${(event: Event) => void submit(event)}>
    ${ready ? readyMade(desk, question, ready) : nothing}
    <div class="field">
      <label for="m-writing">${label}</label>
      <textarea
        class="input"
        id="m-writing"
        name="text"
        rows=${rows}
        maxlength=${most}
        ?required=${required}
        .value=${desk.drafts.get(kind, question.id) ?? ''}
        @input=${(event: Event) => desk.drafts.set(kind, question.id, (event.target as HTMLTextAreaElement).value)}
        ${ref(focusOnce)}
      ></textarea>
    </div>
    ${extra ?? nothing}
    <div class="row">
      <button class="btn btn--primary" type="submit">${send}</button>
      <button class="btn btn--quiet" type="button" @click=${() => desk.setMode('acts')}>${t.back}</button>
      ${ready ? html`<button class="btn btn--quiet btn--dense" type="button" @click=${(event: Event) => keepText(desk, question, ready, event)}>${t.keepText}</button>` : nothing}
    </div>
  </form>`;
}

/** Built-in and own texts, in the asker's language. Choosing one writes it into the field, to be changed or sent. */
function readyMade(desk: Desk, question: ModeratedQuestion, kind: ReplyKind): TemplateResult {
  const t = moderator();
  const language = languageOf(question);
  const mine = own(kind, language);
  const write = (event: Event): void => {
    const choice = event.target as HTMLSelectElement;
    const field = choice.form?.elements.namedItem('text') as HTMLTextAreaElement;
    field.value = choice.value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    choice.value = '';
    field.focus();
  };
  return html`<div class="field">
    <label for="m-ready">${t.ready[language]}</label>
    <div class="row row--tight">
      <select class="input grow" id="m-ready" @change=${write}>
        <option value="">${t.choose}</option>
        ${builtIn(kind, language).map((text) => html`<option value=${text}>${text}</option>`)}
        ${mine.length > 0 ? html`<optgroup label=${t.ownTexts}>${mine.map((text) => html`<option value=${text}>${text}</option>`)}</optgroup>` : nothing}
      </select>
    </div>
    ${mine.length > 0
      ? html`<details class="small">
          <summary class="muted">${t.manageTexts}</summary>
          ${mine.map((text) => html`<span class="row row--tight"><span class="grow">${text}</span><button class="btn btn--quiet btn--icon btn--dense" type="button" aria-label=${t.forget(text)} @click=${() => (forget(kind, language, text), desk.changed())}>×</button></span>`)}
        </details>`
      : nothing}
  </div>`;
}

function keepText(desk: Desk, question: ModeratedQuestion, kind: ReplyKind, event: Event): void {
  const field = (event.target as HTMLButtonElement).form?.elements.namedItem('text') as HTMLTextAreaElement;
  const text = field.value.trim();
  if (text === '') return field.focus();
  keep(kind, languageOf(question), text);
  desk.changed();
}

export function declining(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator();
  return form({ desk, question, kind: 'whyOther', label: t.whyOther, send: t.send, most: 500, ready: 'decline', done: (text) => desk.decline(question, 'other', text) });
}

export function replying(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator();
  return form({
    desk,
    question,
    kind: 'written',
    label: t.writtenLabel,
    send: t.sendReply,
    most: 2000,
    required: true,
    rows: 4,
    ready: 'written',
    extra: picks('to', t.replyTo, [
      ['all', t.toAll],
      ['one', question.name ? t.toName(question.name) : t.toOne],
    ]),
    done: (written, element) => desk.act(question, () => desk.actions.act(question, 'answer', { written, to: new FormData(element).get('to') === 'one' ? 'one' : 'all' })),
  });
}

export function deferring(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator();
  return form({
    desk,
    question,
    kind: 'defer',
    label: t.deferLabel,
    send: t.deferSend,
    most: 80,
    required: true,
    rows: 1,
    done: (to) => desk.act(question, () => desk.actions.act(question, 'defer', { to })),
  });
}

/** Minutes offered; none is for the whole event. */
const BANS = ['15', '60', ''] as const;

export function banning(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator();
  return form({
    desk,
    question,
    kind: 'ban',
    label: t.banLabel,
    send: t.banSend,
    most: 300,
    required: true,
    rows: 2,
    extra: picks('minutes', t.banFor, BANS.map((value) => [value, t.bans[value || 'ever']] as const)),
    async done(reason, element) {
      const minutes = Number(new FormData(element).get('minutes'));
      const ok = await desk.actions.act(question, 'ban', { reason, ...(minutes ? { minutes } : {}) });
      if (ok) desk.setMode('acts');
      return ok;
    },
  });
}

/** One of a few, the first unless chosen. */
function picks(name: string, legend: string, options: readonly (readonly [string, string])[]): TemplateResult {
  return html`<fieldset class="row row--tight picks">
    <legend class="vh">${legend}</legend>
    ${options.map(([value, text], index) => html`<label class="pick"><input type="radio" name=${name} value=${value} ?checked=${index === 0} /><span>${text}</span></label>`)}
  </fieldset>`;
}
