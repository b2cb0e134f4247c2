/** The foot of the drawer: what may be done with the question now, and the small forms this opens. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { kbd } from '../../components/parts.js';
import type { ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { moderator } from '../../locales/moderator.js';
import { REASONS, type Desk } from './desk.js';
import { forget, own } from './replies.js';
import { banning, deferring, declining, languageOf, replying } from './writing.js';

export function foot(desk: Desk, question: ModeratedQuestion): TemplateResult {
  switch (desk.mode) {
    case 'why':
      return reasons(desk, question.name, languageOf(question), (index, text) => pick(desk, question, index, text), true);
    case 'whyOther':
      return declining(desk, question);
    case 'written':
      return replying(desk, question);
    case 'defer':
      return deferring(desk, question);
    case 'ban':
      return banning(desk, question);
    default:
      return html`<div class="acts">${acts(desk, question)}</div>`;
  }
}

export function button(text: string, press: () => void, key?: string, primary = false): TemplateResult {
  return html`<button class=${primary ? 'btn btn--primary' : 'btn'} type="button" @click=${press}>${text}${key ? kbd(key) : nothing}</button>`;
}

function acts(desk: Desk, question: ModeratedQuestion): TemplateResult {
  const t = moderator().acts;
  const now = (act: Parameters<typeof desk.actions.act>[1]) => (): void => void desk.actions.act(question, act);
  const decline = button(t.decline, () => desk.setMode('why'), 'R');
  const written = button(t.written, () => desk.setMode('written'));
  const defer = button(t.defer, () => desk.setMode('defer'), 'D');
  const hold = button(t.hold, () => desk.holdBack(question), 'H');
  const stage = (primary: boolean): TemplateResult => button(t.stage, () => desk.stage(question), 'S', primary);
  switch (question.state) {
    case 'received':
      return html`${button(t.approve, () => desk.approve(question), 'A', true)}${decline}${stage(false)}${defer}${hold}${written}`;
    case 'held':
      return html`${button(t.approve, () => desk.approve(question), 'A', true)}${decline}${stage(false)}${defer}${written}`;
    case 'approved':
      return html`${stage(true)}${button(t.air, now('air'), 'O')}${decline}${defer}${written}${button(t.restore, now('restore'))}`;
    case 'staged':
      return html`${button(t.air, now('air'), 'O', true)}${button(t.unstage, now('unstage'))}${decline}${defer}${written}`;
    case 'on_air':
      return html`${button(t.answer, now('answer'), moderator().enter, true)}${button(t.off_air, now('off_air'))}`;
    case 'answered':
      return html`${button(t.reopen, now('reopen'), undefined, true)}`;
    case 'deferred':
      return html`${button(t.restore, now('restore'), undefined, true)}${decline}${written}`;
    case 'declined':
      return html`${button(t.restore, now('restore'), undefined, true)}`;
    case 'merged':
      return html`${button(t.unmerge, now('unmerge'), undefined, true)}`;
    default:
      return html``;
  }
}

/** The reasons by digit, then the moderator's own. `pickOne` gets the place, or the words of an own one. */
export function reasons(desk: Desk, name: string | undefined, language: 'fr' | 'en', pickOne: (index: number, text?: string) => void, see: boolean): TemplateResult {
  const t = moderator();
  return html`<div class="why" role="group" aria-label=${t.whyNameless}>
    <p class="small strong">${name ? t.whyFor(name) : t.whyNameless}</p>
    <div class="why__list">
      ${REASONS.map((code, index) => html`<button class="btn btn--quiet" type="button" @click=${() => pickOne(index)}>${kbd(String(index + 1))}${common().decline[code]}</button>`)}
      ${own('decline', language).map(
        (text) => html`<span class="row row--tight own"
          ><button class="btn btn--quiet grow" type="button" @click=${() => pickOne(REASONS.length - 1, text)}>${text}</button
          ><button class="btn btn--quiet btn--icon btn--dense" type="button" aria-label=${t.forget(text)} @click=${() => (forget('decline', language, text), desk.changed())}>×</button></span
        >`,
      )}
    </div>
    ${see ? html`<label class="row row--tight small muted" for="m-see">${t.seeNumber}<input class="input input--number" id="m-see" inputmode="numeric" /></label>` : nothing}
    <button class="btn" type="button" @click=${() => desk.setMode('acts')}>${t.back}</button>
  </div>`;
}

/** Declines with the reason at this place; the last one asks for words first. */
export function pick(desk: Desk, question: ModeratedQuestion, index: number, text?: string): void {
  const code = REASONS[index];
  if (!code || desk.actions.away()) return;
  if (code === 'other' && text === undefined) return desk.setMode('whyOther');
  const wanted = Number(document.querySelector<HTMLInputElement>('#m-see')?.value);
  const see = wanted ? desk.questions.find((one) => one.number === wanted)?.id : undefined;
  void desk.decline(question, code, text, see);
}
