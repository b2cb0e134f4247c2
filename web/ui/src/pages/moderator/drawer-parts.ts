/** Sections of the drawer: united and similar questions, tags and who answers, notes, author. Draw; act through the desk. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { failed, kbd } from '../../components/parts.js';
import { nameOf, spaced } from '../../components/question.js';
import type { EventInfo, ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { moderator } from '../../locales/moderator.js';
import type { Desk, SimilarOne } from './desk.js';
import { editable } from './drawer.js';

/** May be united with another one. */
export function mergeable({ state }: ModeratedQuestion): boolean {
  return state === 'received' || state === 'held' || state === 'approved' || state === 'staged';
}

/** May take others in. */
function takes(state: ModeratedQuestion['state']): boolean {
  return state !== 'merged' && state !== 'withdrawn' && state !== 'declined' && state !== 'deferred';
}

/** The questions united in this one, or the one it was united into; each can be taken apart again. */
export function united(desk: Desk, question: ModeratedQuestion): TemplateResult | typeof nothing {
  const t = moderator();
  const within = (question.merged ?? []).map((id) => desk.question(id)).filter((one) => one !== undefined);
  const into = desk.question(question.into);
  if (within.length === 0 && !into) return nothing;
  return html`<section aria-labelledby="m-united">
    <h3 id="m-united">${into ? t.mergedInto(into.number) : t.united(within.length)}</h3>
    ${into ? one(into.text, t.similarLine(into.number, common().state[into.state].toLocaleLowerCase(), t.votes(into.votes)), button(t.acts.show, () => desk.choose(desk.column, into.id))) : nothing}
    ${within.map((other) => one(other.text, t.similarLine(other.number, desk.publicName(other.public), t.votes(other.votes)), button(t.acts.unmerge, () => void desk.actions.act(other, 'unmerge'))))}
  </section>`;
}

/** Questions that say nearly the same, best first; the first is united with M. */
export function similar(desk: Desk, question: ModeratedQuestion): TemplateResult | typeof nothing {
  if (!editable(question)) return nothing;
  const t = moderator();
  const answer = desk.similar.of(question.id, question.text);
  const found = (answer.value ?? []).filter((one) => one.id !== question.id && desk.question(one.id)?.into !== question.id);
  return html`<section aria-labelledby="m-similar">
    <h3 id="m-similar">${answer.state === 'done' ? t.similar(found.length) : t.similarTitle}</h3>
    ${answer.state === 'loading' ? html`<p class="skeleton" aria-hidden="true"></p>` : nothing}
    ${answer.state === 'failed' ? failed(t.similarFailed, desk.similar.retry) : nothing} ${found.map((other, index) => similarOne(desk, question, other, index === 0))}
    ${byNumber(desk, question)}
    ${found.length > 0 ? html`<p class="small muted">${t.mergeNote}</p>` : nothing}
  </section>`;
}

function similarOne(desk: Desk, question: ModeratedQuestion, other: SimilarOne, first: boolean): TemplateResult {
  const t = moderator();
  const known = desk.question(other.id);
  const reader = known ? desk.claims.others(known) : undefined;
  const line = t.similarLine(known?.number ?? other.id, reader ? t.readBy(reader.by) : common().state[other.state].toLocaleLowerCase(), t.votes(other.votes));
  const press = mergeWith(desk, question, other.id);
  return one(other.text, line, press ? button(t.acts.merge, press, first ? 'M' : undefined) : nothing);
}

/** What uniting these two does: this one goes into the other, or, when that cannot be, the other into this one. */
export function mergeWith(desk: Desk, question: ModeratedQuestion, other: number): (() => void) | undefined {
  const known = desk.question(other);
  if (!known || known.id === question.id) return undefined;
  if (mergeable(question) && takes(known.state)) return () => desk.merge(question, known.id);
  if (mergeable(known) && takes(question.state)) return () => void desk.actions.act(known, 'merge', { into: question.id });
  return undefined;
}

/** The one that M unites with. */
export function bestMerge(desk: Desk, question: ModeratedQuestion): (() => void) | undefined {
  const found = (desk.similar.of(question.id, question.text).value ?? []).find((one) => one.id !== question.id);
  return found && mergeWith(desk, question, found.id);
}

/** For a twin that no search finds. */
function byNumber(desk: Desk, question: ModeratedQuestion): TemplateResult | typeof nothing {
  if (!mergeable(question)) return nothing;
  const t = moderator();
  const merge = (submit: Event): void => {
    submit.preventDefault();
    const field = (submit.target as HTMLFormElement).elements.namedItem('number') as HTMLInputElement;
    const other = desk.questions.find((one) => one.number === Number(field.value));
    const press = other && mergeWith(desk, question, other.id);
    field.setCustomValidity(press ? '' : t.mergeNone);
    if (press) press();
    else field.reportValidity();
  };
  return html`<form class="row bynumber" @submit=${merge}>
    <label class="small muted" for="m-number">${t.mergeNumber}</label>
    <input class="input input--number" id="m-number" name="number" inputmode="numeric" required @input=${(event: Event) => (event.target as HTMLInputElement).setCustomValidity('')} />
    <button class="btn btn--dense" type="submit">${icon('merge', 's')}${t.acts.merge}</button>
  </form>`;
}

function one(text: string, line: string, action: TemplateResult | typeof nothing): TemplateResult {
  return html`<div class="sim">
    <p>${spaced(text)}</p>
    <div class="row"><span class="small muted grow">${line}</span>${action}</div>
  </div>`;
}

function button(text: string, press: () => void, key?: string): TemplateResult {
  return html`<button class="btn btn--dense" type="button" @click=${press}>${icon('merge', 's')}${text}${key ? kbd(key) : nothing}</button>`;
}

/** Theme, public, room asked, and for the stage list who answers. */
export function fields(desk: Desk, question: ModeratedQuestion, event: EventInfo): TemplateResult | typeof nothing {
  if (!editable(question)) return nothing;
  const t = moderator();
  const tag = (field: 'theme' | 'public' | 'site') => (value: string) => void desk.actions.act(question, 'edit', { text: question.text, [field]: value || null });
  const staged = question.state === 'staged' || question.state === 'on_air';
  return html`<section class="twofields" aria-label=${t.tags}>
    ${select('m-theme', t.theme, t.noTheme, event.themes, question.theme, tag('theme'), 'T')} ${select('m-site', t.site, t.noSite, event.sites, question.site, tag('site'))}
    ${select('m-public', t.public, t.noPublic, event.publics, question.public, tag('public'))} ${staged ? answering(desk, question, event) : nothing}
  </section>`;
}

function answering(desk: Desk, question: ModeratedQuestion, event: EventInfo): TemplateResult {
  const t = moderator();
  const { speaker, site } = question.assigned ?? {};
  const assign = (change: { speaker?: string | null; to_site?: string | null }): void => void desk.actions.act(question, 'assign', change);
  return html`${select('m-who', t.who, t.choose, event.sites, site, (value) => assign({ to_site: value || null }))}
    <div class="field">
      <label for="m-speaker">${t.speaker}</label>
      <input
        class="input"
        id="m-speaker"
        maxlength="80"
        .value=${speaker ?? ''}
        @change=${(event: Event) => assign({ speaker: (event.target as HTMLInputElement).value.trim() || null })}
      />
    </div>`;
}

function select(id: string, label: string, none: string, options: readonly { id: string; name: string; name_en?: string }[], value: string | undefined, change: (value: string) => void, key?: string): TemplateResult {
  return html`<div class="field">
    <label for=${id}>${label} ${key ? kbd(key) : nothing}</label>
    <select class="input" id=${id} @change=${(event: Event) => change((event.target as HTMLSelectElement).value)} .value=${value ?? ''}>
      <option value="" ?selected=${!value}>${none}</option>
      ${options.map((option) => html`<option value=${option.id} ?selected=${option.id === value}>${nameOf(option)}</option>`)}
    </select>
  </div>`;
}

/** The team's notes; the asker never sees them. */
export function notes(desk: Desk, question: ModeratedQuestion, event: EventInfo): TemplateResult {
  const t = moderator();
  const add = async (submit: Event): Promise<void> => {
    submit.preventDefault();
    const field = (submit.target as HTMLFormElement).elements.namedItem('note') as HTMLInputElement;
    const text = field.value.trim();
    if (text === '' || !(await desk.actions.act(question, 'note', { text }))) return;
    desk.drafts.clear('note', question.id);
    field.value = '';
  };
  return html`<section class="stack stack--tight">
    ${question.notes?.length
      ? html`<ol class="hist" role="list" aria-label=${t.notes}>
          ${question.notes.map((note) => html`<li><time class="num">${time(note.at, event.timezone)}</time><span><b>${note.by}</b> ${note.text}</span></li>`)}
        </ol>`
      : nothing}
    <form class="field" @submit=${(event: Event) => void add(event)}>
      <label for="m-note">${t.note}</label>
      <div class="row row--tight">
        <input
          class="input grow"
          id="m-note"
          name="note"
          maxlength="1000"
          autocomplete="off"
          .value=${desk.drafts.get('note', question.id) ?? ''}
          @input=${(event: Event) => desk.drafts.set('note', question.id, (event.target as HTMLInputElement).value)}
        />
        <button class="btn" type="submit">${t.addNote}</button>
      </div>
    </form>
  </section>`;
}

/** The person who asked: banned or not. */
export function author(desk: Desk, question: ModeratedQuestion): TemplateResult | typeof nothing {
  if (question.room) return nothing;
  const t = moderator();
  const lift = (): void => void desk.actions.act(question, 'unban', { asker: question.asker });
  return html`<section class="row">
    <span class="small muted grow">${question.banned ? t.bannedNow : t.author(question.asker)}</span>
    ${question.banned
      ? html`<button class="btn btn--dense" type="button" @click=${lift}>${t.acts.unban}</button>`
      : html`<button class="btn btn--dense btn--quiet" type="button" @click=${() => desk.setMode('ban')}>${icon('no', 's')}${t.acts.ban}</button>`}
  </section>`;
}
