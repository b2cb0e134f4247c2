/** The balance in full, and the question that mends it best. Draws; acts through the desk. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { empty, status } from '../../components/parts.js';
import { nameOf, spaced } from '../../components/question.js';
import type { EventInfo } from '../../live/wire.js';
import { moderator } from '../../locales/moderator.js';
import { DIMENSIONS, shares, type Dimension, type Voice } from './balance.js';
import { asker } from './card.js';
import type { Desk } from './desk.js';

export function known(event: EventInfo, dimension: Dimension): { id: string; name: string }[] {
  return { public: event.publics, site: event.sites, theme: event.themes }[dimension].map((one) => ({ id: one.id, name: nameOf(one) }));
}

export function fair(desk: Desk, event: EventInfo): TemplateResult | typeof nothing {
  if (!desk.fairOpen) return nothing;
  return html`<section class="fair" id="m-fair" aria-label=${moderator().balanceTitle}>
    ${suggestion(desk, event)}
    <div class="fair__tables">${DIMENSIONS.map((dimension) => table(desk, event, dimension))}</div>
  </section>`;
}

function table(desk: Desk, event: EventInfo, dimension: Dimension): TemplateResult {
  const t = moderator();
  const tallies = desk.balance?.[dimension] ?? {};
  return html`<table>
    <caption>${t.dimension[dimension]}</caption>
    <thead><tr><td></td><th scope="col">${t.columnsOf.asked}</th><th scope="col">${t.columnsOf.approved}</th><th scope="col">${t.columnsOf.aired}</th></tr></thead>
    <tbody>
      ${shares(desk.balance, dimension, known(event, dimension)).map((share) => {
        const { asked = 0, approved = 0, aired = 0 } = tallies[share.id] ?? {};
        return html`<tr><th scope="row">${share.unheard ? status('warn', share.name, 'look') : share.name}</th><td class="num">${part(asked, share.asked)}</td><td class="num">${approved}</td><td class="num">${part(aired, share.aired)}</td></tr>`;
      })}
    </tbody>
  </table>`;
}

function part(count: number, percent: number): TemplateResult {
  return html`${count} <span class="muted">${percent}\u00a0%</span>`;
}

/** Why this one: whose share asked is furthest from the share heard. */
function reasonOf(desk: Desk, event: EventInfo): string {
  const { next } = desk;
  if (!next) return '';
  const voice: Voice | undefined = shares(desk.balance, next.why.axis, known(event, next.why.axis)).find((one) => one.id === next.why.id);
  return voice ? moderator().fairWhy(voice.name, voice.asked, voice.aired) : '';
}

function suggestion(desk: Desk, event: EventInfo): TemplateResult {
  const t = moderator();
  const question = desk.question(desk.next?.question);
  if (!question) return html`<div class="fair__next">${empty('gauge', t.fairNone, t.fairNoneText, nothing, 3)}</div>`;
  const first = question.state === 'staged' && question.rank === 1;
  return html`<div class="fair__next stack stack--tight">
    <h3>${t.fairNext}</h3>
    <article class="q q--dense">
      <div class="q__head"><span class="q__no">${question.number}</span><span class="num">${t.votes(question.votes)}</span></div>
      <p class="q__text">${spaced(question.text)}</p>
      <p class="q__who">${asker(desk, question)}</p>
    </article>
    <p class="small">${reasonOf(desk, event)}</p>
    ${first
      ? status('next', t.fairFirst, 'ink')
      : html`<button class="btn btn--primary" type="button" ?disabled=${desk.actions.pending(question)} @click=${() => void desk.actions.stage(question, true)}>${icon('next')}${t.fairStage}</button>`}
  </div>`;
}
