/** A question as a card of the moderation page. Draws only; what is pressed is told to the desk. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { avatar, chip, plate, status } from '../../components/parts.js';
import { onePerson, spaced } from '../../components/question.js';
import type { Claim, Held, ModeratedQuestion } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { moderator } from '../../locales/moderator.js';
import type { ColumnName } from './columns.js';
import type { Desk } from './desk.js';
import '../../components/clock.js';
import './lease.js';

export interface CardPlace {
  column: ColumnName;
  /** Place among the staged ones: the first is next, the last cannot go down. */
  staged?: { index: number; of: number };
  /** Place in the whole list, from 0, and its length. */
  index: number;
  of: number;
}

export function card(desk: Desk, question: ModeratedQuestion, place: CardPlace, nowMinute: number): TemplateResult {
  const chosen = desk.chosen === question.id;
  const pending = desk.actions.pending(question);
  const air = question.state === 'on_air';
  return html`<article
    class="q q--dense"
    data-id=${question.id}
    data-state=${air ? 'air' : nothing}
    data-pending=${pending ? 'true' : nothing}
    ?data-picked=${desk.selected.has(question.id)}
    aria-current=${chosen ? 'true' : nothing}
    aria-label=${common().question(question.number)}
    aria-describedby=${`m-q${question.id}`}
    aria-posinset=${place.index + 1}
    aria-setsize=${place.of}
    tabindex=${chosen ? 0 : -1}
    @click=${(event: MouseEvent) => choose(desk, place.column, question, event)}
  >
    <div class="q__head">${picker(desk, question, place)}<span class="q__no">${question.number}</span>${mark(desk, question, place)}${figure(question, place, nowMinute)}</div>
    <p id=${`m-q${question.id}`} class=${air ? 'q__text' : 'q__text q__text--two'}>${spaced(question.text)}</p>
    <div class="q__foot"><span class="grow">${place.column === 'running' ? answerer(desk, question) : asker(desk, question)}</span>${pending ? nothing : buttons(desk, question, place)}</div>
  </article>`;
}

function choose(desk: Desk, column: ColumnName, question: ModeratedQuestion, event: MouseEvent): void {
  if ((event.target as Element).closest('button, label')) return;
  if (event.shiftKey || event.ctrlKey || event.metaKey) desk.toggle(column, question.id, event.shiftKey);
  else desk.choose(column, question.id, true);
}

function picker(desk: Desk, question: ModeratedQuestion, { column }: CardPlace): TemplateResult {
  return html`<label class="tick"
    ><input
      type="checkbox"
      aria-label=${moderator().selectN(question.number)}
      .checked=${desk.selected.has(question.id)}
      @click=${(event: MouseEvent) => desk.toggle(column, question.id, event.shiftKey)}
  /></label>`;
}

function mark(desk: Desk, question: ModeratedQuestion, { column, staged }: CardPlace): TemplateResult | typeof nothing {
  const t = moderator();
  if (desk.actions.pending(question)) return status('clock', t.pending);
  const refused = desk.actions.refused.get(question.id);
  if (refused) return html`<span class="status" data-kind="look" title=${refused}>${icon('warn')}<span>${t.refusedMark}</span></span>`;
  const claim = claimMark(desk, question);
  if (claim !== nothing) return claim;
  if (question.state === 'on_air') return plate(t.onAir, 'air');
  if (question.state === 'held') return status('warn', t.heldFor(heldWhy(question.held)), 'look');
  if (staged?.index === 0) return html`<span class="status" data-kind="ink">${icon('next')}<span>${t.next}</span></span>`;
  if (question.state === 'declined') return status('no', desk.reason(question));
  if (question.state === 'deferred') return status('clock', question.deferred_to ? t.deferredTo(question.deferred_to) : common().state.deferred);
  if (question.state === 'merged') return status('merge', t.mergedInto(desk.question(question.into)?.number ?? question.into ?? 0));
  const theme = desk.themeName(question.theme);
  return theme && column !== 'running' ? chip('theme', theme) : nothing;
}

/** Why it is held, in words. */
export function heldWhy(held: Held | undefined): string {
  const t = moderator().held;
  return held?.text || t[held?.code ?? 'moderator'];
}

/** Who works on it, and for how long still. */
export function claimMark(desk: Desk, question: ModeratedQuestion, mineIs = moderator().youHave): TemplateResult | typeof nothing {
  const mine = desk.claims.mine(question);
  if (mine) return claimed(mineIs, mine, true);
  const other = desk.claims.others(question);
  return other ? claimed(moderator().reads(other.by), other, false) : nothing;
}

function claimed(words: string, { by, until }: Claim, me: boolean): TemplateResult {
  return html`<span class="claim">${avatar(by, { me })}<span>${words}</span>${me ? html`<pl-lease .until=${until}></pl-lease>` : nothing}</span>`;
}

function figure(question: ModeratedQuestion, { column }: CardPlace, nowMinute: number): TemplateResult {
  const t = moderator();
  if (question.state === 'on_air' && question.air_at) return html`<span class="num"><pl-tick .since=${question.air_at}></pl-tick></span>`;
  if (column === 'kept') return html`<span class="num strong">${t.votes(question.votes)}</span>`;
  if (column === 'running') return html`<span class="num">${t.votes(question.votes)}</span>`;
  return html`<span class="num">${age(nowMinute * 60_000 - question.asked_at)}</span>`;
}

/** An age in words; minutes are precise enough and keep the card still. */
export function age(ms: number): string {
  const t = moderator().age;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return t.now;
  return minutes < 120 ? t.minutes(minutes) : t.hours(Math.floor(minutes / 60));
}

/** Who asked, and for which room. */
export function asker(desk: Desk, question: ModeratedQuestion): string {
  const t = moderator();
  const room = question.room ? t.inRoom(desk.siteName(question.room)) : undefined;
  const parts = [question.name ?? room ?? t.nameless, onePerson(desk.publicName(question.public)).toLocaleLowerCase()].filter(Boolean).join(', ');
  const site = desk.siteName(question.site);
  return site && site !== desk.siteName(question.room) ? `${parts}. ${t.forSite(site)}` : parts;
}

/** Who is to answer; who asked when nobody is named. */
function answerer(desk: Desk, question: ModeratedQuestion): string {
  const t = moderator();
  const { speaker, site } = question.assigned ?? {};
  const room = desk.siteName(site);
  if (speaker) return t.answers(room ? `${speaker} (${room})` : speaker);
  if (room) return t.answers(room);
  return question.site ? t.forSite(desk.siteName(question.site)) : asker(desk, question);
}

function buttons(desk: Desk, question: ModeratedQuestion, { column, staged }: CardPlace): TemplateResult | typeof nothing {
  const t = moderator();
  const n = question.number;
  const { actions } = desk;
  const dense = (text: string, press: () => void): TemplateResult => html`<button class="btn btn--dense" type="button" @click=${press}>${text}</button>`;
  switch (question.state) {
    case 'received':
    case 'held':
      if (desk.claims.others(question)) {
        return html`<button class="btn btn--dense" type="button" aria-label=${t.takeOverN(n)} @click=${() => desk.claimNow(question, true)}>${icon('hand', 's')}${t.takeOver}</button>`;
      }
      return html`${square('check', t.acts.approveN(n), () => desk.approve(question))}${square('x', t.acts.declineN(n), () => desk.startDecline(column, question))}`;
    case 'approved':
      return html`<button class="btn btn--dense" type="button" @click=${() => desk.stage(question)}>${t.acts.stage}${icon('right', 's')}</button>`;
    case 'on_air':
      return html`<button class="btn btn--dense" type="button" @click=${() => void actions.act(question, 'answer')}>${icon('check', 's')}${t.acts.answer}</button>`;
    case 'staged':
      return staged ? ranks(desk, question, staged) : nothing;
    case 'answered':
      return dense(t.acts.reopen, () => void actions.act(question, 'reopen'));
    case 'merged':
      return dense(t.acts.unmerge, () => void actions.act(question, 'unmerge'));
    case 'declined':
    case 'deferred':
      return dense(t.acts.restore, () => void actions.act(question, 'restore'));
    default:
      return nothing;
  }
}

function ranks({ actions }: Desk, question: ModeratedQuestion, { index, of }: { index: number; of: number }): TemplateResult {
  const t = moderator().acts;
  const rank = question.rank ?? index + 1;
  const move = (to: number) => (): void => void actions.act(question, 'move', { to });
  return html`${index > 0 ? square('up', t.up(question.number), move(rank - 1)) : nothing}
  ${index < of - 1 ? square('down', t.down(question.number), move(rank + 1)) : nothing}
  ${index === 0 ? html`<button class="btn btn--dense" type="button" @click=${() => void actions.act(question, 'air')}>${t.air}</button>` : nothing}`;
}

function square(glyph: 'check' | 'x' | 'up' | 'down', label: string, press: () => void): TemplateResult {
  return html`<button class="btn btn--dense btn--icon" type="button" aria-label=${label} @click=${press}>${icon(glyph, 's')}</button>`;
}
