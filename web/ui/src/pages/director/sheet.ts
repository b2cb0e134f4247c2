/** Owns the arithmetic of the run sheet: what was planned, what happened, what that makes of the rest. Shows nothing. */

import type { SessionInfo } from '../../live/wire.js';

export interface SheetRow {
  id: string;
  title: string;
  state: 'past' | 'now' | 'to_come';
  planned: number;
  /** When it started; for those to come, when it will if nothing is made up. Absent when unknown. */
  real?: number;
  /** Minutes left in the running session; negative when it runs over. */
  leftMin?: number;
}

const MINUTE = 60_000;

/** The rows of the run sheet. `started` maps the sessions known to have begun to the time they did. */
export function sheetRows(sessions: readonly SessionInfo[], current: string | undefined, started: Readonly<Record<string, number>>, now: number): SheetRow[] {
  const at = sessions.findIndex((session) => session.id === current);
  const late = lateness(sessions, current, started, now);
  return sessions.map((session, index) => {
    const row: SheetRow = { id: session.id, title: session.title, state: index < at ? 'past' : index === at ? 'now' : 'to_come', planned: session.starts };
    const real = started[session.id];
    if (row.state === 'to_come') {
      if (at >= 0) row.real = session.starts + late;
    } else if (real !== undefined) row.real = real;
    if (row.state === 'now') {
      const begun = real ?? session.starts;
      row.leftMin = Math.ceil((begun + session.duration_min * MINUTE - now) / MINUTE);
    }
    return row;
  });
}

/** How late the running order is, in ms: late start plus over-run; negative when ahead, 0 before the first session. */
export function lateness(sessions: readonly SessionInfo[], current: string | undefined, started: Readonly<Record<string, number>>, now: number): number {
  const session = sessions.find((one) => one.id === current);
  if (!session) return 0;
  const begun = started[session.id] ?? session.starts;
  const length = session.duration_min * MINUTE;
  return begun - session.starts + Math.max(0, now - begun - length);
}

/** The session that follows the running one; the first when none runs. */
export function nextSession(sessions: readonly SessionInfo[], current: string | undefined): SessionInfo | undefined {
  return sessions[sessions.findIndex((session) => session.id === current) + 1];
}
