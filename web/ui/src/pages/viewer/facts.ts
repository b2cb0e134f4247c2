/** Under the picture: which session, who has the floor, which rooms. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { named } from '../../components/question.js';
import type { EventInfo, EventState, OnAir, Scene, SiteState } from '../../live/wire.js';
import { inLang, list, time } from '../../locales/index.js';
import { viewer } from '../../locales/viewer.js';

/** The session now, with its number. */
export function currentSession(event: EventInfo, state: EventState | undefined): { index: number } | undefined {
  const index = event.sessions.findIndex((one) => one.id === state?.session);
  return index < 0 ? undefined : { index };
}

/** Title of what is on: the session's, else the event's. */
export function titleNow(event: EventInfo, state: EventState | undefined): string {
  const now = currentSession(event, state);
  const session = now && event.sessions[now.index];
  return session ? inLang(session.title, session.title_en) : inLang(event.title, event.title_en);
}

/** Title and the sentence of who speaks. */
export function facts(
  event: EventInfo,
  state: EventState | undefined,
  scene: Scene | undefined,
  air: OnAir | undefined,
  share: () => void,
): TemplateResult {
  const t = viewer();
  const now = currentSession(event, state);
  const session = now && event.sessions[now.index];
  const zone = event.timezone;
  const from = session && (state?.session_at ?? session.starts);
  return html`<section class="facts" aria-labelledby="t">
    <div>
      <p class="muted small">
        ${session && from !== undefined && now
          ? t.session(now.index + 1, time(from, zone), time(from + session.duration_min * 60_000, zone))
          : t.betweenSessions}
      </p>
      <h1 id="t">${titleNow(event, state)}</h1>
      <p>${state?.masked ? t.masked : speaking(event, scene, air)}</p>
    </div>
    <div class="row hide-s">
      <button class="btn" type="button" @click=${share}>${icon('share')}${t.share}</button>
    </div>
  </section>`;
}

/** The picture in words. */
export function pictureText(event: EventInfo, scene: Scene | undefined): string {
  const t = viewer();
  if (!scene) return event.title;
  if (scene.slots.length === 0 || scene.layout === 'slate') return t.slate;
  return scene.slots.map((id) => named(event.sites, id)).join(', ');
}

function speaking(event: EventInfo, scene: Scene | undefined, air: OnAir | undefined): TemplateResult | string {
  const t = viewer();
  if (!scene) return '\u00a0';
  const names = scene.slots.map((id) => named(event.sites, id) ?? id);
  const first = names[0];
  if (first === undefined || scene.layout === 'slate') return t.slate;
  const alone = scene.layout === 'full' || scene.layout === 'picture_in_picture';
  if (alone && air) return html`<span class="strong">${first}</span> ${t.answers(air.question.number)}`;
  if (alone) return html`<span class="strong">${first}</span> ${t.floor}.`;
  if (names.length >= event.sites.length && names.length > 2) return t.allOnScreen(names.length);
  return t.together(list(names));
}

/** The linked rooms; those seen first. */
export function rooms(event: EventInfo, scene: Scene | undefined, sites: ReadonlyMap<string, SiteState>): TemplateResult {
  const t = viewer();
  const seen = scene && scene.layout !== 'slate' ? scene.slots : [];
  const alone = scene?.layout === 'full' || scene?.layout === 'picture_in_picture';
  // A mosaic of every room says nothing about any of them.
  const marked = seen.length < event.sites.length || seen.length === 1 ? (alone ? seen.slice(0, 1) : seen) : [];
  const order = [...event.sites].sort((a, b) => rank(seen, a.id) - rank(seen, b.id) || a.number - b.number);
  return html`<section class="where hide-s" aria-labelledby="r">
    <h2 id="r" class="vh">${t.roomsTitle(event.sites.length)}</h2>
    <ul class="rooms" role="list">
      ${order.map((site) => {
        const state = sites.get(site.id);
        const away = state !== undefined && state.state === 'absent';
        return marked.includes(site.id)
          ? html`<li data-air>${icon('air', 's')}${site.name} ${alone ? t.floor : t.onScreen}</li>`
          : html`<li ?data-away=${away}>${site.name}${away ? html`<span class="vh">, ${t.away}</span>` : nothing}</li>`;
      })}
    </ul>
  </section>`;
}

function rank(seen: readonly string[], id: string): number {
  if (seen.length > 2) return 0;
  const at = seen.indexOf(id);
  return at < 0 ? 99 : at;
}
