/** The events of this node. */
import { html, nothing, type TemplateResult } from 'lit';
import { Element, define } from '../../components/element.js';
import { empty, failed, plate, skeletonCards } from '../../components/parts.js';
import '../../components/top.js';
import { getJson } from '../../live/event.js';
import type { Phase } from '../../live/wire.js';
import { date } from '../../locales/index.js';
import { events } from '../../locales/events.js';

interface EventLine {
  id: string;
  title: string;
  subtitle: string;
  date: string;
  phase: Phase;
}

/** Milliseconds between two readings of the list: a phase changes without a reload. */
const REFRESH_MS = 20_000;

class Index extends Element {
  private events: EventLine[] | undefined;
  private failure = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
    setInterval(() => void this.load(), REFRESH_MS);
  }

  private async load(): Promise<void> {
    try {
      this.events = await getJson<EventLine[]>('/events.json');
      this.failure = false;
    } catch {
      this.failure = true;
    }
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const t = events();
    document.title = `${t.title} - Plénière`;
    return html`<pl-top name="Plénière" home="/"></pl-top>
      <main class="plainpage" id="contenu">
        <h1>${t.title}</h1>
        ${this.list()}
      </main>`;
  }

  private list(): TemplateResult {
    const t = events();
    if (!this.events) return this.failure ? failed(t.failed, () => void this.load()) : skeletonCards(2);
    if (this.events.length === 0) return html`<div class="panel">${empty('cal', t.none, t.noneText)}</div>`;
    return html`<ul class="events" role="list">
      ${this.events.map(
        (event) => html`<li class="panel">
          <a href=${`/e/${event.id}/`}>
            <h2>${event.title}</h2>
            <p>${event.subtitle || day(event.date)}</p>
            ${event.phase === 'live'
              ? plate(t.live, 'air')
              : html`<span class="status">${event.phase === 'after' ? t.after : event.phase === 'before' ? t.before : nothing}</span>`}
          </a>
        </li>`,
      )}
    </ul>`;
  }
}
/** `2020-10-13` in words. */
function day(text: string): string {
  const ms = Date.parse(`${text.slice(0, 10)}T12:00:00Z`);
  return Number.isNaN(ms) ? text : date(ms, 'UTC');
}

define('pl-index', Index);
