/** `<pl-questions>`: on air now, mine with what became of them, everybody's with one vote button. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { define, Element } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { empty, failed, plate, segments, skeletonCards, status } from '../../components/parts.js';
import { card, spaced, who } from '../../components/question.js';
import { toast } from '../../components/toast.js';
import { clock } from '../../live/clock.js';
import { type Connection, Refused } from '../../live/connection.js';
import { eventUrl } from '../../live/event.js';
import type { EventInfo, OnAir, Question } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { duration, time } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';
import type { Votes } from './votes.js';

/** Milliseconds without questions before the page says that they are slow. */
const SLOW_MS = 5000;

export class Questions extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) live!: Connection;
  @property({ attribute: false }) votes!: Votes;
  /** The question on air in the picture shown. */
  @property({ attribute: false }) air: OnAir | undefined;
  /** Programme time of the picture. */
  @property({ attribute: false }) playingDate: number | undefined;
  /** The event is over: answered questions instead of votes. */
  @property({ type: Boolean }) over = false;
  /** Opens the ask box. */
  @property({ attribute: false }) ask: () => void = () => undefined;
  /** Set by the page at each drawing: what is shown also depends on the connection and the votes. */
  @property({ attribute: false, hasChanged: () => true }) stamp: unknown;
  @state() private sort: 'top' | 'recent' = 'top';
  private order: number[] = [];
  private held = false;
  private readonly since = performance.now();

  protected override render(): TemplateResult {
    const t = viewer();
    const open = this.live.topic('public');
    if (!open.loaded) {
      const slow = performance.now() - this.since > SLOW_MS;
      return html`${skeletonCards(3)} ${slow ? failed(t.slow, () => this.live.retry()) : nothing}`;
    }
    const mine = this.mine();
    const others = this.others();
    return html`${this.onAir()} ${mine}
    ${others.length === 0 && mine === nothing && !this.air
      ? empty('chat', t.none, t.noneText, html`<button class="btn" type="button" @click=${this.ask}>${t.ask}</button>`)
      : this.over
        ? this.answered()
        : this.theirs(others)}`;
  }

  private onAir(): TemplateResult {
    const t = viewer();
    const air = this.air;
    return html`<section class="list" aria-live="polite" aria-labelledby="h-air" ?hidden=${!air}>
      <h2 id="h-air" class="vh">${t.airTitle}</h2>
      ${air
        ? card({
            air: true,
            strong: true,
            text: air.question.text,
            head: html`${plate(t.air, 'air')}<span class="num" aria-hidden="true">${t.since(this.sinceAir(air))}</span>`,
            who: `${common().question(air.question.number)}, ${who(this.event, air.question, false)}`,
          })
        : nothing}
    </section>`;
  }

  private sinceAir(air: OnAir): string {
    const seconds = Math.max(0, ((this.playingDate ?? clock.now()) - air.at) / 1000);
    // Every ten seconds is enough, and does not flicker.
    return duration(seconds < 60 ? Math.floor(seconds) : Math.floor(seconds / 10) * 10);
  }

  private mine(): TemplateResult | typeof nothing {
    const t = viewer();
    const waiting = this.live.unsettled.filter((one) => one.name === 'ask');
    const known = [...this.live.topic('mine').map]
      .filter(([key]) => key.startsWith('q/'))
      .map(([, value]) => value as Question)
      .sort((a, b) => b.asked_at - a.asked_at);
    if (waiting.length + known.length === 0) return nothing;
    return html`<section class="list" aria-labelledby="h-mine">
      <h2 id="h-mine">${t.mine}</h2>
      ${waiting.map((one) =>
        card({
          dense: true,
          pending: true,
          text: String(one.fields['text'] ?? ''),
          head: status('clock', this.live.state === 'offline' ? t.kept : t.sending),
        }),
      )}
      ${repeat(
        known,
        (q) => q.id,
        (q) =>
          card({
            dense: true,
            className: 'q--mine',
            text: q.text,
            head: html`${this.stateWord(q)}<span class="q__no">${q.number}</span>`,
            after: html`${this.why(q)}
            ${q.state === 'received'
              ? html`<div class="q__foot">
                  <button class="btn btn--quiet btn--dense" type="button" @click=${() => this.withdraw(q)}>${t.withdraw}</button>
                </div>`
              : nothing}`,
          }),
      )}
    </section>`;
  }

  private stateWord(q: Question): TemplateResult {
    const t = viewer();
    switch (q.state) {
      case 'received':
        return status('clock', t.stateReceived);
      case 'approved':
        return status('okc', t.stateApproved, 'ink');
      case 'staged':
        return status(
          'okc',
          q.rank === 1
            ? t.stateStagedNext
            : q.rank
              ? html`${t.stateStaged(q.rank)}<sup>${t.rankEnd(q.rank)}</sup>`
              : t.stateApproved,
          'ink',
        );
      case 'on_air':
        return status('air', t.stateAir, 'air');
      case 'answered':
        return status('check', q.answered_at ? t.stateAnswered(time(q.answered_at, this.event.timezone)) : t.stateAnsweredNoTime, 'ink');
      case 'declined':
        return status('no', t.stateDeclined);
      case 'withdrawn':
        return status('no', t.stateWithdrawn);
      default:
        return status('clock', common().state[q.state]);
    }
  }

  private why(q: Question): TemplateResult | typeof nothing {
    const t = viewer();
    if (q.state === 'answered') {
      return html`${q.written ? html`<p class="q__why">${t.written(q.written)}</p>` : nothing}
      ${q.air_at ? html`<p class="small"><a href=${eventUrl(this.event.id, `replay/#q=${q.id}`)}>${t.seeAnswered}</a></p>` : nothing}`;
    }
    const reason = q.reason;
    if (q.state !== 'declined' || !reason) return nothing;
    const why = common().decline[reason.code] ?? common().decline.other;
    const other = reason.see === undefined ? undefined : (this.live.topic('public').map.get(`q/${reason.see}`) as Question | undefined);
    const words =
      reason.code === 'other' && reason.text
        ? ''
        : reason.code === 'answered' && other?.answered_at
          ? t.reasonAt(why, time(other.answered_at, this.event.timezone))
          : t.reason(why);
    return html`<p class="q__why">
      ${words} ${reason.text ?? nothing}
      ${reason.see !== undefined
        ? html`<a href=${eventUrl(this.event.id, `replay/#q=${reason.see}`)}>${reason.code === 'answered' ? t.seeAnswered : t.seeQuestion(reason.see)}</a>`
        : nothing}
    </p>`;
  }

  /** Everybody's questions that may be supported, in the order shown: it does not move under the pointer. */
  private others(): Question[] {
    const all = new Map<number, Question>();
    const mine = this.live.topic('mine').map;
    for (const [key, value] of this.live.topic('public').map) {
      // One's own are above, with what became of them.
      if (!key.startsWith('q/') || mine.has(key)) continue;
      const q = value as Question;
      const notYetSeen = q.state === 'on_air' && this.air?.question.id !== q.id;
      if (q.state === 'approved' || q.state === 'staged' || notYetSeen) all.set(q.id, q);
    }
    const known = this.order.filter((id) => all.has(id));
    const fresh = [...all.keys()].filter((id) => !known.includes(id));
    this.order = [...known, ...fresh];
    if (!this.held) {
      const by = (a: Question, b: Question): number =>
        this.sort === 'top' ? b.votes - a.votes || a.id - b.id : b.asked_at - a.asked_at || b.id - a.id;
      this.order = [...all.values()].sort(by).map((q) => q.id);
    }
    return this.order.map((id) => all.get(id)).filter((q): q is Question => q !== undefined);
  }

  private theirs(all: Question[]): TemplateResult {
    const t = viewer();
    const hold = (on: boolean) => () => (this.held = on);
    return html`<section
      class="list"
      aria-labelledby="h-all"
      @pointerenter=${hold(true)}
      @pointerleave=${hold(false)}
      @focusin=${hold(true)}
      @focusout=${hold(false)}
    >
      <div class="row row--between">
        <h2 id="h-all">${t.theirs}</h2>
        ${segments(
          t.sort,
          [
            ['top', t.top],
            ['recent', t.recent],
          ] as const,
          this.sort,
          (value) => {
            this.sort = value;
            this.order = [];
            this.held = false;
          },
        )}
      </div>
      ${all.length === 0 ? html`<p class="muted small">${t.noneOthers}</p>` : nothing}
      ${repeat(
        all,
        (q) => q.id,
        (q) => html`<article class="q q--dense q--vote">
          <p class="q__text">${spaced(q.text)}</p>
          <p class="q__who">${who(this.event, q)}</p>
          ${this.vote(q)}
        </article>`,
      )}
    </section>`;
  }

  /** Once it is over: what was answered, with the way to the answer. */
  private answered(): TemplateResult | typeof nothing {
    const t = viewer();
    const all = [...this.live.topic('public').map.entries()]
      .filter(([key]) => key.startsWith('q/'))
      .map(([, value]) => value as Question)
      .filter((q) => q.state === 'answered')
      .sort((a, b) => (a.answered_at ?? 0) - (b.answered_at ?? 0));
    if (all.length === 0) return nothing;
    return html`<section class="list" aria-labelledby="h-all">
      <h2 id="h-all">${t.answered}</h2>
      ${all.map((q) =>
        card({ dense: true, text: q.text, who: who(this.event, q), after: this.why(q) }),
      )}
    </section>`;
  }

  private vote(q: Question): TemplateResult {
    const mine = this.votes.mine(q.id);
    const count = this.votes.count(q);
    return html`<button
      class="vote"
      type="button"
      aria-pressed=${String(mine)}
      ?data-pending=${this.votes.pending(q.id)}
      aria-label=${viewer().support(q.number, count, mine)}
      @click=${() => this.votes.toggle(q)}
    >
      ${icon('up', 's')}${count}
    </button>`;
  }

  private withdraw(q: Question): void {
    const t = viewer();
    this.live.send('withdraw', { question: q.id }).done.then(
      () => toast(t.withdrawn),
      (error: unknown) => error instanceof Refused && toast(common().refusal[error.code] ?? error.detail),
    );
  }
}
define('pl-questions', Questions);
