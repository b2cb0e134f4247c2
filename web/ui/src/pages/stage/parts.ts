/** The blocks of the page held on stage. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { ref } from 'lit/directives/ref.js';
import { icon } from '../../components/icon.js';
import { empty, plate, status } from '../../components/parts.js';
import { named, onePerson, spaced } from '../../components/question.js';
import '../../components/clock.js';
import type { EventInfo, Hand, Message, Question } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { duration, time } from '../../locales/index.js';
import { stage } from '../../locales/stage.js';
import type { TimeLeft } from './time-left.js';

export function now(event: EventInfo, question: Question | undefined, over: boolean): TemplateResult {
  const t = stage();
  const none = over ? t.ended : t.none;
  return html`<section class="now" aria-live="polite" aria-label=${t.current}>
    ${question
      ? html`<div class="row">${plate(t.onAir, 'air')}<span class="num muted">${common().question(question.number)}</span></div>
          <blockquote>${spaced(question.text)}</blockquote>
          <p class="now__who">${asker(event, question)}</p>`
      : empty(over ? 'check' : 'list', none.title, none.text)}
  </section>`;
}

interface Person extends Pick<Question, 'name' | 'public' | 'site' | 'assigned'> {
  room?: string | undefined;
}

/** Who asks, from where, and who is to answer: "Inès, élève, Troyes. Pour Mulhouse". The first part stands out. */
export function asker(event: EventInfo, one: Person): TemplateResult {
  const [first, rest] = told(event, one);
  return html`<b>${first}</b>${rest}`;
}

/** The same as plain text, with the question, for the search. */
export function toldOf(event: EventInfo, question: Question): string {
  return `${question.text} ${told(event, question).join('')}`;
}

function told(event: EventInfo, one: Person): [string, string] {
  const t = stage();
  const room = named(event.sites, one.room);
  const group = one.public === undefined ? undefined : onePerson(named(event.publics, one.public) ?? one.public).toLocaleLowerCase();
  // A room that asks for nobody in particular asks under its own name.
  const where = room && (!one.name ? t.room(room) : one.name.includes(room) ? undefined : room);
  const parts = [one.name, group, where].filter((part): part is string => !!part);
  const first = parts.shift() ?? t.nameless;
  const forSite = named(event.sites, one.assigned?.site ?? one.site);
  const whom = [one.assigned?.speaker, forSite].filter(Boolean).join(', ');
  return [first.charAt(0).toLocaleUpperCase() + first.slice(1), parts.map((part) => `, ${part}`).join('') + (whom ? `. ${t.forWhom(whom)}` : '')];
}

/** The next two of the stage list; with none, the accepted questions people want most. */
export function next(event: EventInfo, staged: readonly Question[], approved: readonly Question[]): TemplateResult {
  const t = stage();
  const questions = staged.length > 0 ? staged : approved;
  return html`<section class="next" aria-labelledby="s-next">
    <h2 id="s-next">${staged.length > 0 || approved.length === 0 ? t.then : t.approved}</h2>
    ${questions.length === 0 ? html`<p class="muted">${t.thenNone}</p>` : html`<ol role="list">${questions.map((question) => line(event, question))}</ol>`}
  </section>`;
}

/** One question of a list. */
export function line(event: EventInfo, question: Question, votes = false): TemplateResult {
  return html`<li>
    <p>${spaced(question.text)}</p>
    <p class="muted"><span class="num">${question.number}</span>, ${asker(event, question)}${votes ? html`<span class="num votes"> · ${stage().votes(question.votes)}</span>` : nothing}</p>
  </li>`;
}

/** Who has the floor or is about to. */
export function speakers(event: EventInfo, hands: readonly Hand[]): TemplateResult | typeof nothing {
  const t = stage();
  if (hands.length === 0) return nothing;
  const words = { speaking: status('mic', t.hand.speaking, 'ink'), ready: status('okc', t.hand.ready, 'ready'), called: status('clock', t.hand.called) };
  return html`<section class="next speakers" aria-labelledby="s-hands" aria-live="polite">
    <h2 id="s-hands">${t.hands}</h2>
    <ul role="list">
      ${hands.map(
        (hand) => html`<li>
          <p class="row row--between"><span>${asker(event, speaker(hand))}</span>${words[hand.state as keyof typeof words]}</p>
          ${hand.about ? html`<p class="muted">${spaced(hand.about)}</p>` : nothing}
        </li>`,
      )}
    </ul>
  </section>`;
}

/** Where the person is: the room that asked for them, else the one they named. */
function speaker({ site, room = site, ...hand }: Hand): Person {
  return { ...hand, room };
}

export function clockPanel(event: EventInfo, left: TimeLeft | undefined): TemplateResult {
  const t = stage();
  if (!left) return html`<section class="panel time" aria-label=${t.left}><p class="muted">${t.noCountdown}</p></section>`;
  const words = duration(Math.ceil(Math.abs(left.left) / 60_000) * 60);
  const over = left.left < 0;
  return html`<section class="panel time" data-passed=${left.passed ?? nothing} aria-label=${t.left}>
    <p><pl-tick .ends=${left.endsAt} size="xl" .label=${t.left}></pl-tick></p>
    <div>
      <div class="marks" aria-hidden="true"><i style=${`width:${left.percent}%`}></i>${left.marks.map((mark) => html`<b style=${`left:${mark.percent}%`}></b>`)}</div>
    </div>
    <div class="scale num" aria-hidden="true">
      ${left.marks.map((mark) => html`<span style=${`left:${mark.percent}%`}>${mark.minutes}</span>`)}<span>${t.minutes(left.minutes)}</span>
    </div>
    <p class="label muted">
      ${left.label ? html`<span class="keep">${left.label}. </span>` : nothing}${over
        ? html`<span class="status" data-kind="look">${icon('warn')}<span>${t.over(words)}</span></span> `
        : html`<span class="keep">${t.leftWords(words)}</span>`}<span class=${over ? 'nowrap keep' : 'nowrap'}>${t.endsAt} <span class="num">${time(left.endsAt, event.timezone)}</span></span>
    </p>
    <p class="vh" role="status">${left.passed === undefined ? nothing : left.passed === 0 ? t.passedEnd : t.passed(left.passed)}</p>
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
  // Keyed, so that a press on one message does not acknowledge the next.
  return html`${keyed(
    `${message.id}/${message.at}`,
    html`<section class="note" role="alertdialog" aria-labelledby="s-note" aria-describedby="s-note-text">
      <p class="small strong" id="s-note">${stage().messageAt(time(message.at, event.timezone))}</p>
      <p id="s-note-text">${spaced(message.text)}</p>
      <button class="btn btn--primary" type="button" @click=${seen} ${ref(focusOnce)}>${icon('check')}${stage().seen}</button>
    </section>`,
  )}`;
}

function focusOnce(element: Element | undefined): void {
  queueMicrotask(() => (element as HTMLElement | undefined)?.focus({ preventScroll: true }));
}
