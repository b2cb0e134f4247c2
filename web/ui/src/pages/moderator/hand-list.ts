/** The hands up, below the stage list. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon, type IconName } from '../../components/icon.js';
import { count, empty, status } from '../../components/parts.js';
import { onePerson } from '../../components/question.js';
import { clock } from '../../live/clock.js';
import type { Hand, HandState } from '../../live/wire.js';
import { moderator } from '../../locales/moderator.js';
import { age } from './card.js';
import type { Desk } from './desk.js';
import { inOrder, LATE_MS, type HandAct } from './hands.js';

export function hands(desk: Desk): TemplateResult | typeof nothing {
  const t = moderator().hands;
  const open = inOrder(desk.raised);
  if (open.length === 0 && desk.policy?.hands !== true) return nothing;
  const line = open.filter(({ state }) => state === 'raised');
  return html`<section class="hands" aria-labelledby="m-hands">
    <h3 id="m-hands">${icon('hands', 's')}${t.title}${count(open.length)}</h3>
    ${open.length === 0 ? empty('hands', t.emptyTitle, t.emptyText, nothing, 3) : nothing}
    <ol class="list" role="list">
      ${repeat(open, (hand) => `${hand.hand}/${hand.state}`, (hand) => one(desk, hand, line.indexOf(hand), line.length))}
    </ol>
  </section>`;
}

function one(desk: Desk, hand: Hand, index: number, of: number): TemplateResult {
  const pending = desk.hands.pending.has(hand.hand);
  const t = moderator();
  const late = hand.state === 'called' && hand.called_at !== undefined && clock.now() - hand.called_at > LATE_MS;
  const from = [onePerson(desk.publicName(hand.public)).toLocaleLowerCase(), desk.siteName(hand.site)].filter(Boolean).join(', ');
  return html`<li class="q q--dense q--hand" data-hand=${hand.hand} data-pending=${pending ? 'true' : nothing}>
    <div class="q__head"><b class="ink">${nameOf(desk, hand)}</b>${pending ? status('clock', t.pending) : word(hand, late)}<span class="num">${age(clock.now() - (hand.called_at ?? hand.at))}</span></div>
    ${hand.about ? html`<p class="q__text q__text--two">${hand.about}</p>` : nothing}
    <div class="q__foot"><span class="grow">${from}</span>${pending ? nothing : buttons(desk, hand, index, of)}</div>
  </li>`;
}

function word({ state }: Hand, late: boolean): TemplateResult {
  const t = moderator().hands;
  if (state === 'ready') return status('okc', t.state.ready, 'ready');
  if (state === 'speaking') return status('mic', t.state.speaking, 'ink');
  if (state === 'called') return late ? status('warn', t.late, 'look') : status('talk', t.state.called, 'ink');
  return status('hand', t.state[state]);
}

function buttons(desk: Desk, hand: Hand, index: number, of: number): TemplateResult {
  const t = moderator().hands;
  const name = nameOf(desk, hand);
  const act = (what: HandAct, fields?: Record<string, unknown>) => (): void => void desk.hands.act(hand, what, fields, name);
  const place = hand.place ?? index + 1;
  const square = (glyph: IconName, label: string, press: () => void): TemplateResult =>
    html`<button class="btn btn--dense btn--icon" type="button" aria-label=${label} @click=${press}>${icon(glyph, 's')}</button>`;
  const forward = NEXT[hand.state];
  return html`${index > 0 ? square('up', t.up(name), act('move_hand', { to: place - 1 })) : nothing}
  ${index >= 0 && index < of - 1 ? square('down', t.down(name), act('move_hand', { to: place + 1 })) : nothing}
  ${hand.state === 'speaking' ? nothing : square('x', t.dismiss(name), act('dismiss'))}
  ${forward ? html`<button class="btn btn--dense" type="button" aria-label=${t.actOn(t.act[forward], name)} @click=${act(forward)}>${t.act[forward]}</button>` : nothing}`;
}

/** Who asks to speak, as far as it is known. */
function nameOf(desk: Desk, { name, room }: Hand): string {
  return name ?? (room ? moderator().inRoom(desk.siteName(room)) : moderator().hands.nameless);
}

/** What comes next for a hand; who is called says by themselves that they are ready. */
const NEXT: Partial<Record<HandState, 'call' | 'speaking' | 'hand_done'>> = { raised: 'call', ready: 'speaking', speaking: 'hand_done' };
