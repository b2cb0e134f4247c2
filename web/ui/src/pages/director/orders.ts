/** What the director says without being heard on air: messages to the stage and the rooms, and the countdown. Draws only. */
import { html, nothing, type TemplateResult } from 'lit';
import '../../components/clock.js';
import { icon } from '../../components/icon.js';
import { status } from '../../components/parts.js';
import { toast } from '../../components/toast.js';
import type { Connection } from '../../live/connection.js';
import type { Countdown, EventInfo, Message } from '../../live/wire.js';
import { time } from '../../locales/index.js';
import { director } from '../../locales/director.js';
import type { Panel } from './panel-state.js';

/** The lengths offered, minutes. */
const LENGTHS = [1, 3, 5, 10, 20] as const;

export interface OrdersState {
  panel: Panel;
  connection: Connection;
  event: EventInfo;
  /** To whom the next message goes: `stage` or a site. */
  to: string;
  setTo(to: string): void;
}

export function orders(state: OrdersState): TemplateResult {
  const t = director();
  return html`<section class="panel orders" aria-labelledby="d-orders">
    <h2 id="d-orders" class="vh">${t.orders}</h2>
    ${messageForm(state)} ${countdown(state)}
  </section>`;
}

function messageForm({ panel, connection, event, to, setTo }: OrdersState): TemplateResult {
  const t = director();
  const names = [{ id: 'stage', name: t.stage }, ...event.sites];
  const name = names.find((one) => one.id === to)?.name ?? to;
  const submit = (submitted: Event): void => {
    submitted.preventDefault();
    const form = submitted.target as HTMLFormElement;
    const text = String(new FormData(form).get('text') ?? '').trim();
    if (!text) return;
    void panel.send('message', 'message', { to, text }, () => {
      form.reset();
      toast(t.sent(name));
    });
  };
  const last = connection.topic(to === 'stage' ? 'stage' : `site/${to}`).map.get('message') as Message | undefined;
  // What the chair has not seen yet stays said, whomever one writes to meanwhile.
  const waiting = to === 'stage' ? undefined : (connection.topic('stage').map.get('message') as Message | undefined);
  return html`<form class="order" @submit=${submit}>
    <label class="small strong" for="d-text">${t.message}</label>
    <div class="row nowrap">
      <label class="vh" for="d-to">${t.to}</label>
      <select class="input" id="d-to" @change=${(event: Event) => setTo((event.target as HTMLSelectElement).value)}>${names.map((one) => html`<option value=${one.id} ?selected=${one.id === to}>${one.name}</option>`)}</select>
      <input class="input grow" id="d-text" name="text" maxlength="200" autocomplete="off" placeholder=${t.messageHint} required />
      <button class="btn" type="submit" aria-busy=${String(panel.pending.has('message'))}>${panel.pending.has('message') ? nothing : icon('send')}${t.send}</button>
    </div>
    <p class="order__last" role="status">${waiting?.text && !waiting.seen ? status('clock', t.notSeen(t.onStage(waiting.text))) : last?.text ? acknowledged(event, last) : nothing}</p>
  </form>`;
}

/** Who saw it and when, as far as the server says. */
function acknowledged(event: EventInfo, message: Message): TemplateResult {
  const t = director();
  if (!message.seen) return status('clock', t.notSeen(message.text));
  const at = message.seen_at === undefined ? '' : time(message.seen_at, event.timezone);
  return status('check', t.seenBy(message.text, message.seen_by ?? '', at), 'ink');
}

function countdown({ panel, connection }: OrdersState): TemplateResult {
  const t = director();
  const running = connection.topic('stage').map.get('countdown') as Countdown | undefined;
  const start = (minutes: number): void => void panel.send('countdown', 'countdown', { minutes, label: t.countdownLabel }, () => toast(t.countdownSet(minutes)));
  const stop = (): void => void panel.send('countdown', 'countdown', { minutes: 0, label: '' }, () => toast(t.countdownStopped));
  return html`<div class="order">
    <span class="small strong" id="d-count">${t.countdown}</span>
    <div class="row" role="group" aria-labelledby="d-count">${LENGTHS.map((minutes) => html`<button class="btn btn--dense num" type="button" @click=${() => start(minutes)}>${t.minuteN(minutes)}</button>`)}</div>
    <p class="order__last small muted">
      ${running ? html`${t.running} <pl-tick .ends=${running.ends_at}></pl-tick> <button class="btn btn--dense btn--quiet" type="button" @click=${stop}>${t.stopCountdown}</button>` : nothing}
    </p>
  </div>`;
}
