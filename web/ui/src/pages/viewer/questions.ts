/** `<pl-questions>`: on air now, mine with what became of them, everybody's; once it is over, what was answered. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { define, Element } from '../../components/element.js';
import { empty, failed, plate, skeletonCards } from '../../components/parts.js';
import { card, who } from '../../components/question.js';
import { clock } from '../../live/clock.js';
import type { Connection } from '../../live/connection.js';
import { eventUrl } from '../../live/event.js';
import type { EventInfo, OnAir, Question } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { duration } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';
import type { Asks } from './asks.js';
import type { Around } from './became.js';
import './mine.js';
import type { Others } from './others.js';
import './others.js';
import type { Votes } from './votes.js';

/** Milliseconds without questions before the page says that they are slow. */
const SLOW_MS = 5000;

export class Questions extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) live!: Connection;
  @property({ attribute: false }) votes!: Votes;
  @property({ attribute: false }) asks!: Asks;
  /** The question on air in the picture shown. */
  @property({ attribute: false }) air: OnAir | undefined;
  /** Programme time of the picture. */
  @property({ attribute: false }) playingDate: number | undefined;
  /** The event is over: answered questions instead of votes. */
  @property({ type: Boolean }) over = false;
  /** Opens the ask box. */
  @property({ attribute: false }) ask: () => void = () => undefined;
  /** Set by the page at each drawing: what is shown also depends on the connection and the time. */
  @property({ attribute: false, hasChanged: () => true }) stamp: unknown;
  private readonly since = performance.now();

  protected override render(): TemplateResult {
    const t = viewer();
    // All three, or one's own and the one on air would show among the others for a moment.
    if (!['public', 'mine', 'programme'].every((topic) => this.live.topic(topic).loaded)) {
      const slow = performance.now() - this.since > SLOW_MS;
      return html`${skeletonCards(3)} ${slow ? failed(t.slow, () => this.live.retry()) : nothing}`;
    }
    const mine = html`<pl-mine .live=${this.live} .asks=${this.asks} .around=${this.around()} .stamp=${this.stamp}></pl-mine>`;
    if (this.over) return html`${this.onAir()} ${mine} ${this.answered()}`;
    return html`${this.onAir()} ${mine}
    ${this.nothingAsked()
      ? empty('chat', t.none, t.noneText, html`<button class="btn" type="button" @click=${this.ask}>${t.ask}</button>`)
      : html`<pl-others .event=${this.event} .live=${this.live} .votes=${this.votes} .onAir=${this.air?.question.id}></pl-others>`}`;
  }

  private nothingAsked(): boolean {
    if (this.air || this.asks.waiting.length > 0) return false;
    for (const key of this.live.topic('mine').map.keys()) if (key.startsWith('q/')) return false;
    for (const [key, q] of this.live.topic('public').map) if (key.startsWith('q/') && (q as Question).state !== 'answered') return false;
    return true;
  }

  private around(): Around {
    return {
      event: this.event.id,
      zone: this.event.timezone,
      onAir: this.air?.question.id,
      open: (id) => this.live.topic('public').map.get(`q/${id}`) as Question | undefined,
      reveal: (id) => void this.querySelector<Others>('pl-others')?.reveal(id),
    };
  }

  private onAir(): TemplateResult {
    const t = viewer();
    const air = this.air;
    return html`<section class="list" aria-labelledby="h-air" ?hidden=${!air}>
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

  /** Once it is over: what was answered, with the way to the answer. */
  private answered(): TemplateResult {
    const t = viewer();
    const all: Question[] = [];
    for (const [key, q] of this.live.topic('public').map) if (key.startsWith('q/') && (q as Question).state === 'answered') all.push(q as Question);
    all.sort((a, b) => (a.answered_at ?? 0) - (b.answered_at ?? 0));
    if (all.length === 0) return empty('chat', t.noneAnswered, t.noneAnsweredText);
    return html`<section class="list" aria-labelledby="h-all">
      <h2 id="h-all">${t.answered}</h2>
      ${all.map((q) =>
        card({
          dense: true,
          text: q.text,
          who: who(this.event, q),
          after: html`${q.written ? html`<p class="q__why">${t.written(q.written)}</p>` : nothing}
          ${q.air_at ? html`<p class="small"><a href=${eventUrl(this.event.id, `replay/#q=${q.id}`)}>${t.seeAnswered}</a></p>` : nothing}`,
        }),
      )}
    </section>`;
  }
}
define('pl-questions', Questions);
