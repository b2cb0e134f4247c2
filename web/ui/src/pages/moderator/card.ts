/** A question as a card of the moderation page. Draws only; what is pressed is told to the desk. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { chip, plate, status } from '../../components/parts.js';
import type { ModeratedQuestion } from '../../live/wire.js';
import { moderator } from '../../locales/moderator.js';
import type { ColumnName } from './columns.js';
import type { Desk } from './desk.js';

export interface CardPlace {
  column: ColumnName;
  /** Place among the staged ones: the first is next, the last cannot go down. */
  staged?: { index: number; of: number };
}

export function card(desk: Desk, question: ModeratedQuestion, place: CardPlace, nowMinute: number): TemplateResult {
  const chosen = desk.chosen === question.id;
  const pending = desk.pending(question.id);
  return html`<article
    class="q q--dense"
    data-id=${question.id}
    data-state=${question.state === 'on_air' ? 'air' : nothing}
    data-pending=${pending ? 'true' : nothing}
    aria-current=${chosen ? 'true' : nothing}
    aria-label=${`Question ${question.number}`}
    tabindex=${chosen ? 0 : -1}
    @click=${(event: Event) => choose(desk, place.column, question, event)}
  >
    <div class="q__head"><span class="q__no">${question.number}</span>${mark(desk, question, place)}${figure(question, place, nowMinute)}</div>
    <p class=${question.state === 'on_air' ? 'q__text' : 'q__text q__text--two'}>${question.text}</p>
    <div class="q__foot"><span class="grow">${asker(desk, question)}</span>${pending ? nothing : buttons(desk, question, place)}</div>
  </article>`;
}

function choose(desk: Desk, column: ColumnName, question: ModeratedQuestion, event: Event): void {
  if ((event.target as Element).closest('button')) return;
  desk.choose(column, question.id, true);
}

function mark(desk: Desk, question: ModeratedQuestion, { column, staged }: CardPlace): TemplateResult | typeof nothing {
  const t = moderator();
  if (desk.pending(question.id)) return status('clock', t.pending);
  if (question.state === 'on_air') return plate(t.onAir, 'air');
  if (staged?.index === 0) return html`<span class="status" data-kind="ink">${icon('next')}<span>${t.next}</span></span>`;
  if (question.state === 'declined') return status('no', desk.reason(question));
  const theme = desk.themeName(question.theme);
  return theme && column !== 'running' ? chip('theme', theme) : nothing;
}

function figure(question: ModeratedQuestion, { column }: CardPlace, nowMinute: number): TemplateResult {
  const t = moderator();
  if (question.state === 'on_air' && question.air_at) return html`<pl-tick class="num" .since=${question.air_at}></pl-tick>`;
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
  const parts = [question.name ?? t.nameless, desk.publicName(question.public).toLowerCase()].filter(Boolean).join(', ');
  const site = desk.siteName(question.site);
  return site ? `${parts}. ${t.forSite(site)}` : parts;
}

function buttons(desk: Desk, question: ModeratedQuestion, { column, staged }: CardPlace): TemplateResult | typeof nothing {
  const t = moderator().acts;
  const n = question.number;
  const { actions } = desk;
  if (question.state === 'received') {
    return html`${square('check', t.approveN(n), () => desk.approve(question))}${square('x', t.declineN(n), () => desk.startDecline(column, question))}`;
  }
  if (question.state === 'approved') {
    return html`<button class="btn btn--dense" type="button" @click=${() => desk.stage(question)}>${t.stage}${icon('right', 's')}</button>`;
  }
  if (question.state === 'on_air') {
    return html`<button class="btn btn--dense" type="button" @click=${() => actions.answer(question)}>${icon('check', 's')}${t.answer}</button>`;
  }
  if (question.state === 'staged' && staged) {
    const rank = question.rank ?? staged.index + 1;
    return html`${staged.index > 0 ? square('up', t.up(n), () => actions.move(question, rank - 1)) : nothing}
    ${staged.index < staged.of - 1 ? square('down', t.down(n), () => actions.move(question, rank + 1)) : nothing}
    ${staged.index === 0 ? html`<button class="btn btn--dense" type="button" @click=${() => actions.air(question)}>${t.air}</button>` : nothing}`;
  }
  if (question.state === 'declined') return html`<button class="btn btn--dense" type="button" @click=${() => actions.restore(question)}>${t.restore}</button>`;
  if (question.state === 'answered') return html`<button class="btn btn--dense" type="button" @click=${() => actions.reopen(question)}>${t.reopen}</button>`;
  return nothing;
}

function square(glyph: 'check' | 'x' | 'up' | 'down', label: string, press: () => void): TemplateResult {
  return html`<button class="btn btn--dense btn--icon" type="button" aria-label=${label} @click=${press}>${icon(glyph, 's')}</button>`;
}

