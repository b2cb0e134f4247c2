/** People who asked to speak: who speaks, who is ready, who was called, and how many wait. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../../components/icon.js';
import { status } from '../../components/parts.js';
import { named, onePerson } from '../../components/question.js';
import type { EventInfo, Hand } from '../../live/wire.js';
import { director } from '../../locales/director.js';
import { inOrder, LATE_MS, type HandAct, type Hands } from '../moderator/hands.js';

/** What the director does next with a hand; who is called says by themselves that they are ready. */
const NEXT: Partial<Record<Hand['state'], HandAct>> = { raised: 'call', ready: 'speaking', speaking: 'hand_done' };

export function guests(event: EventInfo, all: readonly Hand[], hands: Hands, now: number): TemplateResult {
  const t = director().guests;
  const open = inOrder(all);
  const line = open.filter((hand) => hand.state === 'raised');
  // Those under way, and the first in line: the rest is the moderators' to order.
  const shown = open.filter((hand) => hand.state !== 'raised' || hand === line[0]);
  return html`<section class="guests" aria-labelledby="d-guests">
    <div class="h"><h2 id="d-guests">${t.title}</h2><span class="muted">${line.length > 0 ? t.waiting(line.length) : nothing}</span></div>
    ${shown.length === 0
      ? html`<p class="guests__none small muted">${icon('person', 's')}${t.none}</p>`
      : html`<ul class="list" role="list">${repeat(shown, (hand) => `${hand.hand}/${hand.state}`, (hand) => guest(event, hand, hands, now))}</ul>`}
  </section>`;
}

function guest(event: EventInfo, hand: Hand, hands: Hands, now: number): TemplateResult {
  const t = director().guests;
  const name = hand.name || t.nameless;
  const group = named(event.publics, hand.public);
  const from = [group && onePerson(group).toLocaleLowerCase(), named(event.sites, hand.room ?? hand.site)].filter(Boolean).join(', ');
  const next = NEXT[hand.state] as keyof typeof t.act | undefined;
  const busy = hands.pending.has(hand.hand);
  return html`<li class="q q--dense" data-pending=${busy ? 'true' : nothing}>
    <div class="q__head"><b class="guests__name">${name}</b>${word(hand, now)}</div>
    ${hand.about ? html`<p class="q__text q__text--two">${hand.about}</p>` : nothing}
    <div class="q__foot">
      <span class="grow">${from}</span>
      ${next ? html`<button class="btn btn--dense" type="button" ?disabled=${busy} aria-label=${t.actOn(t.act[next], name)} @click=${() => void hands.act(hand, next)}>${t.act[next]}</button>` : nothing}
    </div>
  </li>`;
}

function word({ state, called_at: called }: Hand, now: number): TemplateResult {
  const t = director().guests;
  if (state === 'speaking') return status('mic', t.state.speaking, 'ink');
  if (state === 'ready') return status('okc', t.state.ready, 'ready');
  if (state === 'raised') return status('hand', t.state.raised);
  return called !== undefined && now - called > LATE_MS ? status('warn', t.late, 'look') : status('talk', t.state.called, 'ink');
}
