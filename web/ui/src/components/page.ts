/**
 * The base of the pages of an event: reads the address, takes the key, loads `event.json`, opens the live connection, and
 * shows the three honest states (loading, failed, refused) so that a page draws only what it knows.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { Connection } from '../live/connection.js';
import { eventId, eventUrl, loadEvent, RequestFailed } from '../live/event.js';
import { takeKey, dropKey } from '../live/key.js';
import type { EventInfo } from '../live/wire.js';
import { common } from '../locales/common.js';
import { inLang } from '../locales/index.js';
import { awayPanel, crowdedPanel, missingPanel, refusedPanel } from './gone.js';
import { Element } from './element.js';
import './top.js';

/** Milliseconds between two attempts to learn what the event is. */
const RETRY_MS = 3000;

export abstract class EventPage extends Element {
  /** Id of the event in the address. */
  readonly eventId = eventId();
  /** What the event says of itself; `undefined` until it came. */
  event: EventInfo | undefined;
  readonly live: Connection;
  /** The key of the link, if this page has one. */
  readonly key: string | undefined;
  /** Why `event.json` did not come. */
  protected problem: RequestFailed | undefined;

  /**
   * @param page name under which the key is kept; `undefined` for a page that needs none
   * @param topics topics said in the hello
   */
  constructor(
    private readonly page: string | undefined,
    topics: string[],
  ) {
    super();
    this.key = page === undefined ? undefined : takeKey(this.eventId, page);
    this.live = new Connection({ event: this.eventId, topics, key: this.key });
    this.live.listen(() => {
      if (this.live.state === 'refused' && page !== undefined) dropKey(this.eventId, page);
      this.requestUpdate();
    });
    void this.load();
  }

  /** The page itself, once the event is known. */
  protected abstract content(event: EventInfo): TemplateResult;

  /** What the header shows before language and theme. */
  protected topExtra(): TemplateResult | typeof nothing {
    return nothing;
  }

  /** Where the mark in the header leads. */
  protected home(): string | undefined {
    return eventUrl(this.eventId);
  }

  /** While the event is on its way. */
  protected skeleton(): TemplateResult {
    return html`<main class="plainpage" id="contenu" aria-busy="true"><span class="vh" role="status">${common().loading}</span></main>`;
  }

  /** Title and second line of the header. */
  protected names(): [string, string] {
    return this.event ? [inLang(this.event.title, this.event.title_en), inLang(this.event.subtitle, this.event.subtitle_en)] : ['Plénière', ''];
  }

  private retrying = 0;

  protected load = async (): Promise<void> => {
    clearTimeout(this.retrying);
    try {
      this.event = await loadEvent(this.eventId);
      this.problem = undefined;
    } catch (error) {
      this.problem = error instanceof RequestFailed ? error : new RequestFailed(0, 'failed', String(error));
      if (this.problem.status !== 404) this.retrying = window.setTimeout(() => void this.load(), RETRY_MS);
    }
    this.requestUpdate();
  };

  protected override render(): TemplateResult {
    const [name, subtitle] = this.names();
    return html`<pl-top
        .name=${name}
        .subtitle=${subtitle}
        .home=${this.home()}
        .connection=${this.problem?.status === 404 ? undefined : this.live}
        .extra=${this.event && this.live.state !== 'refused' ? this.topExtra() : nothing}
      ></pl-top>
      ${this.body()}`;
  }

  private body(): TemplateResult {
    if (this.problem?.status === 404) return missingPanel();
    if (this.live.state === 'refused') return refusedPanel(this.page, this.eventId, this.key, this.live.refusal);
    // The viewer's page has its picture, which needs no line.
    if (this.page !== undefined && this.live.crowded && this.live.blank) return crowdedPanel(this.live.crowded, this.eventId, this.live.retry);
    if (this.event) return this.content(this.event);
    if (this.problem) return awayPanel(() => void this.load());
    return this.skeleton();
  }
}
