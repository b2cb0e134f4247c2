/** The run sheet and the "about" tab. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { chip, plate } from '../../components/parts.js';
import { nameOf, named } from '../../components/question.js';
import { clock } from '../../live/clock.js';
import { eventUrl } from '../../live/event.js';
import type { EventInfo, EventState, Phase, SessionInfo } from '../../live/wire.js';
import { inLang, time } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';

/** Paris, of `Europe/Paris`. */
export function city(timezone: string): string {
  return (timezone.split('/').at(-1) ?? timezone).replaceAll('_', ' ');
}

/** The sessions; the current one marked. */
export function runSheet(event: EventInfo, state: EventState | undefined): TemplateResult {
  const t = viewer();
  const phase: Phase = state?.phase ?? 'before';
  const current = phase === 'live' ? event.sessions.findIndex((one) => one.id === state?.session) : phase === 'after' ? event.sessions.length : -1;
  const session = event.sessions[current];
  const late = session && state?.session_at ? Math.round((state.session_at - session.starts) / 60_000) : 0;
  return html`<p class="small muted">${t.zone(city(event.timezone))} ${late > 1 ? t.late(late) : nothing}</p>
    <ol class="run" role="list">
      ${event.sessions.map((one, index) => line(event, one, index < current ? 'past' : index === current ? 'now' : 'next', phase))}
    </ol>
    ${phase === 'after' ? nothing : calendar(event.id)}`;
}

/** The link to the run sheet as a calendar. */
export function calendar(event: string, primary = false): TemplateResult {
  return html`<a class=${primary ? 'btn btn--primary' : 'btn'} href=${eventUrl(event, 'agenda.ics')}>${icon('cal')}${viewer().calendar}</a>`;
}

function line(event: EventInfo, session: SessionInfo, state: 'past' | 'now' | 'next', phase: Phase): TemplateResult {
  const t = viewer();
  const end =
    state === 'past'
      ? html`<a class="small" href=${eventUrl(event.id, `replay/#at=${session.starts}`)} aria-label=${t.reviewSession(inLang(session.title, session.title_en))}>${t.review}</a>`
      : state === 'now'
        ? plate(t.live, 'air')
        : phase === 'before'
          ? html`<span class="small muted num">${t.minutes(session.duration_min)}</span>`
          : nothing;
  const note = (session.note === undefined ? undefined : inLang(session.note, session.note_en)) ?? where(event, session);
  const title = inLang(session.title, session.title_en);
  return html`<li data-state=${state === 'past' ? 'past' : nothing} aria-current=${state === 'now' ? 'time' : nothing}>
    <time datetime=${new Date(session.starts).toISOString()}>${time(session.starts, event.timezone)}</time>
    <span class="run__title">${title}</span>${end}${note ? html`<span class="run__note">${note}</span>` : nothing}
  </li>`;
}

function where(event: EventInfo, session: SessionInfo): string {
  const t = viewer();
  if (event.sites.length > 2 && session.sites.length === event.sites.length) return t.allRooms(event.sites.length);
  return session.sites.map((id) => named(event.sites, id)).join(', ');
}

/** What the event is, and what is kept of it. */
export function about(event: EventInfo): TemplateResult {
  const t = viewer();
  return html`<div class="stack">
    <p>${event.description ?? t.about(event.place, event.sites.length)}</p>
    ${event.rehearsal ? html`<p>${t.rehearsal}</p>` : nothing}
    <p>${t.privacy}</p>
    ${event.themes.length > 0
      ? html`<h2>${t.themes}</h2>
          <div class="chips">${event.themes.map((one) => chip('theme', nameOf(one)))}</div>`
      : nothing}
    ${event.sites.length > 0
      ? html`<h2>${t.linked}</h2>
          <div class="chips">${event.sites.map((one) => chip('site', one.name))}</div>`
      : nothing}
  </div>`;
}

/** Milliseconds until the first session. */
export function untilStart(event: EventInfo): number {
  const first = event.sessions[0]?.starts;
  return first === undefined ? 0 : first - clock.now();
}
