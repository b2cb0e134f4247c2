/** `<pl-voice>`: what changes, said to screen readers at a bearable pace. Owns what was already said; shows nothing. */
import { html, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { define, Element } from '../../components/element.js';
import { spaced } from '../../components/question.js';
import type { Connection } from '../../live/connection.js';
import type { EventInfo, OnAir, OwnHand, OwnQuestion, Question } from '../../live/wire.js';
import { viewer } from '../../locales/viewer.js';
import { hand as handWords } from '../../locales/viewer-hand.js';
import { stateText } from './became.js';
import { Speech } from './speech.js';

export class Voice extends Element {
  @property({ attribute: false }) event!: EventInfo;
  @property({ attribute: false }) live!: Connection;
  /** The question on air in the picture shown. */
  @property({ attribute: false }) air: OnAir | undefined;
  @state() private words = '';
  @state() private alert = '';
  private readonly speech = new Speech();
  private readonly seen = new Set<string>();
  private readonly own = new Map<string, OwnQuestion>();
  private hand: OwnHand | null | undefined;
  /** 0 for none; undefined until it is known. */
  private onAir: number | undefined;
  private drawn: unknown[] = [];
  private begun = false;
  private timer = 0;
  private stop: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stop = this.live.listen(() => this.hear());
    this.hear();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
    clearTimeout(this.timer);
  }

  protected override willUpdate(): void {
    const now = this.air?.question;
    if (!this.live.topic('programme').loaded || (now?.id ?? 0) === this.onAir) return;
    const first = this.onAir === undefined;
    this.onAir = now?.id ?? 0;
    if (now && !first) this.speech.hear('air', () => viewer().saidAir(now.number, spaced(now.text)));
    this.turn();
  }

  protected override render(): TemplateResult {
    return html`<p class="vh" role="status" data-voice="polite">${this.words}</p>
      <p class="vh" role="alert" data-voice="assertive">${this.alert}</p>`;
  }

  /** What the page finds at first is read by the person, not told; after that, what changed. */
  private hear(): void {
    const all = this.live.topic('public');
    const mine = this.live.topic('mine');
    if (!all.loaded || !mine.loaded || (all.map === this.drawn[0] && mine.map === this.drawn[1])) return;
    this.drawn = [all.map, mine.map];
    this.others(all.map, mine.map);
    this.mine(mine.map);
    this.asked(mine.map.get('hand') as OwnHand | null | undefined);
    this.begun = true;
    this.turn();
  }

  private others(all: ReadonlyMap<string, unknown>, mine: ReadonlyMap<string, unknown>): void {
    for (const [key, value] of all) {
      const { state } = value as Question;
      if (this.seen.has(key) || !key.startsWith('q/') || mine.has(key) || (state !== 'approved' && state !== 'staged')) continue;
      this.seen.add(key);
      if (this.begun) this.speech.hear('fresh', (count) => viewer().saidFresh(count));
    }
  }

  private mine(mine: ReadonlyMap<string, unknown>): void {
    for (const [key, value] of mine) {
      if (!key.startsWith('q/')) continue;
      const q = value as OwnQuestion;
      const before = this.own.get(key);
      this.own.set(key, q);
      const next = q.state === 'staged' && q.rank === 1 && before?.rank !== 1;
      const moved = before && (before.state !== q.state || before.into?.state !== q.into?.state || next);
      if (moved) this.speech.say(viewer().saidOwn(q.number, stateText(q, this.around())));
    }
  }

  private around() {
    const open = (id: number) => this.live.topic('public').map.get(`q/${id}`) as Question | undefined;
    return { event: this.event.id, zone: this.event.timezone, onAir: this.onAir, open, reveal: () => undefined };
  }

  private asked(hand: OwnHand | null | undefined): void {
    const before = this.hand;
    this.hand = hand;
    if (!hand) return;
    const t = handWords();
    if (hand.state === 'called' && before?.state !== 'called') this.alert = t.saidCalled;
    else if (hand.state !== 'called') this.alert = '';
    if (!this.begun || !before) return;
    if (hand.state === 'raised' && hand.place !== before.place && hand.place) this.speech.hear('place', () => t.saidPlace(hand.place ?? 0));
    else if (hand.state !== before.state && hand.state !== 'called' && hand.state !== 'raised') this.speech.say(t.said[hand.state]);
  }

  private turn(): void {
    clearTimeout(this.timer);
    const now = performance.now();
    const words = this.speech.turn(now);
    // The same words again are only read again when the text differs.
    if (words !== undefined) this.words = words === this.words ? `${words}\u00a0` : words;
    const next = this.speech.next(now);
    if (next !== undefined) this.timer = window.setTimeout(() => this.turn(), next);
  }
}
define('pl-voice', Voice);
