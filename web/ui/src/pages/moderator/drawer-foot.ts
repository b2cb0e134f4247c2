/** The foot of the drawer: what may be done with the question now, the reasons to decline, the written reply. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { ref } from 'lit/directives/ref.js';
import { kbd } from '../../components/parts.js';
import type { ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { moderator } from '../../locales/moderator.js';
import { REASONS, type Desk } from './desk.js';

export function foot(desk: Desk, question: ModeratedQuestion): TemplateResult {
  if (desk.mode === 'why') return reasons(desk, question);
  if (desk.mode === 'whyOther') return writing(desk, moderator().whyOther, moderator().send, false, (text) => desk.decline(question, 'other', text));
  if (desk.mode === 'written') {
    return writing(desk, moderator().writtenLabel, moderator().sendReply, true, (text) => {
      desk.setMode('acts');
      desk.actions.answer(question, text);
    });
  }
  return html`<div class="acts">${acts(desk, question)}</div>`;
}

function button(text: string, press: () => void, key?: string, primary = false): TemplateResult {
  return html`<button class=${primary ? 'btn btn--primary' : 'btn'} type="button" @click=${press}>${text}${key ? kbd(key) : nothing}</button>`;
}

function acts(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator().acts;
  const { actions } = desk;
  const enter = Object.keys(moderator().keys)[9] ?? '';
  const decline = button(t.decline, () => desk.setMode('why'), 'R');
  const written = button(t.written, () => desk.setMode('written'));
  switch (question.state) {
    case 'received':
      return html`${button(t.approve, () => desk.approve(question), 'A', true)}${decline}${button(t.stage, () => desk.stage(question), 'S')}`;
    case 'approved':
      return html`${button(t.stage, () => desk.stage(question), 'S', true)}${button(t.air, () => actions.air(question), 'O')}${decline}${written}${button(t.restore, () => actions.restore(question))}`;
    case 'staged':
      return html`${button(t.air, () => actions.air(question), 'O', true)}${button(t.unstage, () => actions.unstage(question))}${decline}${written}`;
    case 'on_air':
      return html`${button(t.answer, () => actions.answer(question), enter, true)}${button(t.off_air, () => actions.offAir(question))}`;
    case 'answered':
      return html`${button(t.reopen, () => actions.reopen(question), undefined, true)}`;
    default:
      return html`${button(t.restore, () => actions.restore(question), undefined, true)}`;
  }
}

function reasons(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator();
  return html`<div class="why" role="group" aria-label=${t.whyNameless}>
    <p class="small strong">${question.name ? t.whyFor(question.name) : t.whyNameless}</p>
    ${REASONS.map(
      (code, index) => html`<button class="btn btn--quiet" type="button" @click=${() => pick(desk, question, index)}>${kbd(String(index + 1))}${common().decline[code]}</button>`,
    )}
    <button class="btn" type="button" @click=${() => desk.setMode('acts')}>${t.back}</button>
  </div>`;
}

/** Declines with the reason at this place; the last one asks for words first. */
export function pick(desk: Desk, question: ModeratedQuestion, index: number): void {
  const code = REASONS[index];
  if (!code) return;
  if (code === 'other') desk.setMode('whyOther');
  else desk.decline(question, code);
}

function writing(desk: Desk, label: string, send: string, required: boolean, done: (text: string) => void): TemplateResult {
  const submit = (event: Event): void => {
    event.preventDefault();
    done((new FormData(event.target as HTMLFormElement).get('text') as string).trim());
  };
  return html`<form class="stack stack--tight" @submit=${submit}>
    <div class="field">
      <label for="m-writing">${label}</label>
      <textarea class="input" id="m-writing" name="text" rows="3" maxlength="500" ?required=${required} ${ref(focusIn)}></textarea>
    </div>
    <div class="row">
      <button class="btn btn--primary" type="submit">${send}</button>
      <button class="btn btn--quiet" type="button" @click=${() => desk.setMode('acts')}>${moderator().back}</button>
    </div>
  </form>`;
}

function focusIn(element: Element | undefined): void {
  queueMicrotask(() => (element as HTMLTextAreaElement | undefined)?.focus());
}
