/** Which event this page is about, and what the event says of itself. */
import type { EventInfo } from './wire.js';

/** The event's id in the address (`/e/{event}/...`), or an empty string. */
export function eventId(path: string = location.pathname): string {
  return /^\/e\/([a-z0-9-]{1,40})(\/|$)/.exec(path)?.[1] ?? '';
}

/** The part of the address after the event: `''`, `moderate`, `site/nancy`... */
export function eventPage(path: string = location.pathname): string {
  return path.replace(/^\/e\/[a-z0-9-]{1,40}\/?/, '').replace(/\/$/, '');
}

/** An address below the event. */
export function eventUrl(event: string, rest = ''): string {
  return `/e/${event}/${rest}`;
}

/** A request answered with something else than success. `status` 0: no answer at all. */
export class RequestFailed extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** GET, JSON, with the server's own words when it refuses. */
export async function getJson<T>(url: string, init: RequestInit = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, { credentials: 'omit', ...init, headers: { accept: 'application/json', ...init.headers } });
  } catch (error) {
    throw new RequestFailed(0, 'offline', String(error));
  }
  if (answer.ok) return (await answer.json()) as T;
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
  throw new RequestFailed(answer.status, problem.code ?? 'failed', problem.detail ?? problem.title ?? answer.statusText);
}

/** The event of this page. */
export function loadEvent(id: string = eventId()): Promise<EventInfo> {
  return getJson<EventInfo>(eventUrl(id, 'event.json'));
}
