/** What became of one's own question: its state in words, the reason, and the way on. Templates only. */
import { html, nothing, type TemplateResult } from 'lit';
import { status } from '../../components/parts.js';
import { spaced } from '../../components/question.js';
import { eventUrl } from '../../live/event.js';
import type { OwnQuestion, Question } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { time } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';

/** What the words depend on besides the question. */
export interface Around {
  event: string;
  zone: string;
  /** The question on air in the picture shown. */
  onAir: number | undefined;
  /** A question that everybody sees. */
  open: (id: number) => Question | undefined;
  /** Shows that question in the list. */
  reveal: (id: number) => void;
}

/** The state in words, with its shape. */
export function stateWord(q: OwnQuestion, around: Around): TemplateResult {
  const t = viewer();
  switch (q.state) {
    case 'received':
    case 'held':
      return status('clock', t.stateReceived);
    case 'approved':
      return status('okc', t.stateApproved, 'ink');
    case 'staged':
      return status('okc', staged(q), 'ink');
    case 'on_air':
      return around.onAir === q.id ? status('air', t.stateAir, 'air') : status('okc', t.stateAirSoon, 'ink');
    case 'answered':
      return status('check', answeredAt(q.answered_at, around.zone), 'ink');
    case 'declined':
      return status('no', t.stateDeclined);
    case 'deferred':
      return status('send', t.stateDeferred, 'ink');
    case 'withdrawn':
      return status('no', t.stateWithdrawn);
    case 'merged':
      return status('merge', q.into ? t.stateMerged(q.into.id) : common().state.merged, 'ink');
  }
}

/** The same for screen readers, without the full stop. */
export function stateText(q: OwnQuestion, around: Around): string {
  const t = viewer();
  const words: Record<OwnQuestion['state'], string> = {
    received: t.stateReceived,
    held: t.stateReceived,
    approved: t.stateApproved,
    staged: q.rank === 1 ? t.stateStagedNext : q.rank ? `${t.stateStaged(q.rank)}${t.rankEnd(q.rank)}` : t.stateApproved,
    on_air: t.stateAirSoon,
    answered: answeredAt(q.answered_at, around.zone),
    declined: q.reason ? `${t.stateDeclined}, ${reasonWords(q, around)}` : t.stateDeclined,
    deferred: q.deferred_to ? t.deferredTo(q.deferred_to) : t.stateDeferred,
    withdrawn: t.stateWithdrawn,
    merged: q.into ? `${t.stateMerged(q.into.id)}. ${t.unitedState[q.into.state]}` : common().state.merged,
  };
  return words[q.state].replace(/\.$/, '');
}

/** Under the text: the answer, the reason, what became of the question it was united with. */
export function why(q: OwnQuestion, around: Around): TemplateResult | typeof nothing {
  const t = viewer();
  if (q.state === 'answered') return answer(q, around);
  if (q.state === 'declined' && q.reason) return html`<p class="q__why">${reasonWords(q, around)} ${see(q, around)}</p>`;
  if (q.state === 'deferred') {
    return html`<p class="q__why">${q.deferred_to ? t.deferredTo(q.deferred_to) : t.deferred}</p>
      ${q.written ? written(q) : nothing}`;
  }
  return q.state === 'merged' && q.into ? united(q.into, around) : nothing;
}

function staged(q: OwnQuestion): TemplateResult | string {
  const t = viewer();
  if (q.rank === 1) return t.stateStagedNext;
  return q.rank ? html`${t.stateStaged(q.rank)}<sup>${t.rankEnd(q.rank)}</sup>` : t.stateApproved;
}

function answeredAt(at: number | undefined, zone: string): string {
  const t = viewer();
  return at ? t.stateAnswered(time(at, zone)) : t.stateAnsweredNoTime;
}

function answer(q: OwnQuestion, around: Around): TemplateResult {
  return html`${q.written ? written(q) : nothing}
  ${q.air_at ? html`<p class="small">${replay(around.event, q.id)}</p>` : nothing}`;
}

function written(q: OwnQuestion): TemplateResult {
  const t = viewer();
  return html`<div class="q__why q__written">
    <p class="strong">${t.writtenTitle}${q.to === 'one' ? html`, <span class="q__alone">${t.toYouAlone}</span>` : nothing}</p>
    <p>${spaced(q.written ?? '')}</p>
  </div>`;
}

function reasonWords(q: OwnQuestion, around: Around): string {
  const t = viewer();
  const reason = q.reason;
  if (!reason) return '';
  const said = reason.text ?? '';
  if (reason.code === 'other' && said) return said;
  const words = common().decline[reason.code] ?? common().decline.other;
  const other = reason.see === undefined ? undefined : around.open(reason.see);
  const full = reason.code === 'answered' && other?.answered_at ? t.reasonAt(words, time(other.answered_at, around.zone)) : t.reason(words);
  return said ? `${full} ${said}` : full;
}

function see(q: OwnQuestion, around: Around): TemplateResult | typeof nothing {
  const id = q.reason?.see;
  if (id === undefined) return nothing;
  const other = around.open(id);
  // Not in the list and not said to be answered: the replay alone may still know it.
  return other && other.state !== 'answered' ? inList(id, around) : replay(around.event, id, q.reason?.code === 'answered' ? undefined : id);
}

/** What becomes of the question this one was united with. */
function united(into: NonNullable<OwnQuestion['into']>, around: Around): TemplateResult {
  const t = viewer();
  const other = around.open(into.id);
  const answered = into.state === 'answered';
  const words = answered ? `${answeredAt(into.answered_at, around.zone)}.` : t.unitedState[into.state];
  return html`<div class="q__why">
    ${into.text ? html`<p class="q__united">${spaced(into.text)}</p>` : nothing}
    <p>${words} ${answered ? (other?.air_at ? replay(around.event, into.id) : nothing) : other ? inList(into.id, around) : nothing}</p>
    ${answered && into.written ? html`<p>${t.written(into.written)}</p>` : nothing}
  </div>`;
}

function replay(event: string, id: number, named?: number): TemplateResult {
  const t = viewer();
  return html`<a href=${eventUrl(event, `replay/#q=${id}`)}>${named === undefined ? t.seeAnswered : t.seeQuestion(named)}</a>`;
}

function inList(id: number, around: Around): TemplateResult {
  const show = (event: Event): void => {
    event.preventDefault();
    around.reveal(id);
  };
  return html`<a href=${`#q-${id}`} @click=${show}>${viewer().seeQuestion(id)}</a>`;
}
