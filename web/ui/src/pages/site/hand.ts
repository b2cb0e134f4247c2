/** `<pl-room-hand>`: the room asks to speak for one of its people. Owns the form; the view says how far it has come. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { define, Element } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { status } from '../../components/parts.js';
import { toast } from '../../components/toast.js';
import { type Connection, Refused } from '../../live/connection.js';
import type { OwnHand, Queue } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { site } from '../../locales/site.js';

/** Over, one way or the other: the form is free again. */
const OVER: readonly OwnHand['state'][] = ['done', 'lowered', 'dismissed'];

export class RoomHand extends Element {
  @property({ attribute: false }) live!: Connection;
  @property() siteId = '';
  private stop: (() => void) | undefined;
  private busy = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stop = this.live.listen(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
  }

  protected override render(): TemplateResult | typeof nothing {
    const t = site().hand;
    const queue = this.live.topic('public').map.get('queue') as Queue | undefined;
    const hand = this.live.topic('mine').map.get('hand') as OwnHand | null | undefined;
    const open = hand && !OVER.includes(hand.state) ? hand : undefined;
    if (!queue?.hands && !open) return nothing;
    return html`<section class="panel" aria-labelledby="p-hand">
      <h2 id="p-hand">${t.title}</h2>
      ${open ? this.waiting(open) : this.form(queue?.young ?? false, hand ?? undefined)}
    </section>`;
  }

  private form(young: boolean, last: OwnHand | undefined): TemplateResult {
    const t = site().hand;
    const submit = (event: Event): void => {
      event.preventDefault();
      const form = event.target as HTMLFormElement;
      const data = new FormData(form);
      const name = String(data.get('name') ?? '').trim();
      const about = String(data.get('about') ?? '').trim();
      this.send('hand', { site: this.siteId, ...(name ? { name } : {}), ...(about ? { about } : {}) });
    };
    return html`<form class="stack stack--tight" @submit=${submit}>
      ${young ? nothing : html`<div class="field"><label for="s-hand-name">${t.name}</label><input class="input" id="s-hand-name" name="name" maxlength="60" autocomplete="off" /></div>`}
      <div class="field"><label for="s-hand-about">${t.about}</label><input class="input" id="s-hand-about" name="about" maxlength="140" autocomplete="off" /></div>
      <button class="btn" type="submit" aria-busy=${String(this.busy)}>${this.busy ? nothing : icon('hand')}${t.raise}</button>
      ${last?.state === 'dismissed' ? html`<p class="small" role="status">${t.dismissed(last.reason ?? '')}</p>` : html`<p class="small muted">${t.note}</p>`}
    </form>`;
  }

  private waiting(hand: OwnHand): TemplateResult {
    const t = site().hand;
    const down = html`<button class="btn btn--quiet" type="button" @click=${() => this.send('hand_down')}>${t.lower}</button>`;
    const ready = html`<button class="btn btn--ready" type="button" aria-busy=${String(this.busy)} @click=${() => this.send('hand_ready')}>${this.busy ? nothing : icon('check')}${t.ready}</button>`;
    const said = {
      raised: status('hand', hand.place ? t.place(hand.place) : t.raised, 'ink'),
      called: status('warn', t.called, 'look'),
      ready: status('okc', t.readySaid, 'ready'),
      speaking: status('mic', t.speaking, 'ink'),
    }[hand.state as 'raised' | 'called' | 'ready' | 'speaking'];
    return html`<div role="status" class="hand">${said}</div>
      <div class="row">${hand.state === 'called' ? ready : nothing}${hand.state === 'speaking' ? nothing : down}</div>`;
  }

  private send(name: string, fields: Record<string, unknown> = {}): void {
    this.busy = true;
    this.requestUpdate();
    this.live
      .send(name, fields)
      .done.catch((error: unknown) => toast(common().refusal[error instanceof Refused ? error.code : 'unavailable'] ?? ''))
      .finally(() => {
        this.busy = false;
        this.requestUpdate();
      });
  }
}
define('pl-room-hand', RoomHand);
