/** The blocks of the page held on stage. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { ref } from 'lit/directives/ref.js';
import { icon } from '../../components/icon.js';
import { empty, plate, status } from '../../components/parts.js';
import { named } from '../../components/question.js';
import '../../components/clock.js';
import type { EventInfo, Message, Question } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { duration, time } from '../../locales/index.js';
import { stage } from '../../locales/stage.js';
import type { TimeLeft } from './time-left.js';

export function now(event: EventInfo, question: Question | undefined): TemplateResult {
  const t = stage();
  return html`<section class="now" aria-live="polite" aria-label=${t.current}>
    ${question
      ? html`<div class="row">${plate(t.onAir, 'air')}<span class="num muted">${common().question(question.number)}</span></div>
          <blockquote>${question.text}</blockquote>
          <p class="now__who">${asker(event, question)}</p>`
      : empty('list', t.none.title, t.none.text)}
  </section>`;
}

function asker(event: EventInfo, question: Question): TemplateResult {
  const rest = [named(event.publics, question.public)?.toLowerCase()].filter(Boolean).join(', ');
  const site = named(event.sites, question.site);
  return html`<b>${question.name || stage().nameless}</b>${rest ? `, ${rest}` : ''}${site ? `. ${stage().forSite(site)}` : ''}`;
}

/** The next two of the stage list; with none, the accepted questions people want most. */
export function next(event: EventInfo, staged: readonly Question[], approved: readonly Question[]): TemplateResult {
  const t = stage();
  const questions = staged.length > 0 ? staged : approved;
  return html`<section class="next" aria-labelledby="s-next">
    <h2 id="s-next">${staged.length > 0 || approved.length === 0 ? t.then : t.approved}</h2>
    ${questions.length === 0
      ? html`<p class="muted">${t.thenNone}</p>`
      : html`<ol role="list">
          ${questions.map((question) => html`<li><p>${question.text}</p><p class="muted"><span class="num">${question.number}</span>, ${asker(event, question)}</p></li>`)}
        </ol>`}
  </section>`;
}

export function clockPanel(event: EventInfo, left: TimeLeft | undefined): TemplateResult {
  const t = stage();
  if (!left) return html`<section class="panel time" aria-label=${t.left}><p class="muted">${t.noCountdown}</p></section>`;
  const words = duration(Math.ceil(Math.abs(left.left) / 60_000) * 60);
  return html`<section class="panel time" aria-label=${t.left}>
    <p><pl-tick .ends=${left.endsAt} size="xl" .label=${t.left}></pl-tick></p>
    <div>
      <div class="marks" aria-hidden="true"><i style=${`width:${left.percent}%`}></i>${left.marks.map((mark) => html`<b style=${`left:${mark.percent}%`}></b>`)}</div>
    </div>
    <div class="scale num" aria-hidden="true">
      ${left.marks.map((mark) => html`<span style=${`left:${mark.percent}%`}>${mark.minutes}</span>`)}<span>${t.minutes(left.minutes)}</span>
    </div>
    <p class="label muted">
      <span class="keep">${left.label ? `${left.label}. ` : ''}${left.left >= 0 ? t.leftWords(words) : t.over(words)}</span>${t.endsAt} <span class="num">${time(left.endsAt, event.timezone)}</span>
    </p>
  </section>`;
}

export function messages(event: EventInfo, said: readonly Message[]): TemplateResult {
  const t = stage();
  return html`<section class="panel keep messages" aria-labelledby="s-said">
    <h2 id="s-said">${t.messages}</h2>
    ${said.length === 0
      ? html`<p class="small muted">${t.noMessages}</p>`
      : html`<ul class="said" role="list">
          ${said.map((message) => html`<li><span class="num muted">${time(message.at, event.timezone)}</span><span>${message.text}</span>${status('check', t.seen)}</li>`)}
        </ul>`}
  </section>`;
}

/** The message that covers half the screen until it is seen. */
export function note(event: EventInfo, message: Message | undefined, seen: () => void): TemplateResult | typeof nothing {
  if (!message) return nothing;
  return html`<section class="note" role="alertdialog" aria-labelledby="s-note" aria-describedby="s-note-text">
    <p class="small strong" id="s-note">${stage().messageAt(time(message.at, event.timezone))}</p>
    <p id="s-note-text">${message.text}</p>
    <button class="btn btn--primary" type="button" @click=${seen} ${ref(focusOnce)}>${icon('check')}${stage().seen}</button>
  </section>`;
}

function focusOnce(element: Element | undefined): void {
  queueMicrotask(() => (element as HTMLElement | undefined)?.focus({ preventScroll: true }));
}
