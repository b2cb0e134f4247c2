/** Owns the arithmetic of the countdown on stage: what is left of what, and where the marks stand. Shows nothing. */
import type { Countdown, EventInfo, EventState } from '../../live/wire.js';

export interface TimeLeft {
  endsAt: number;
  /** Milliseconds; negative past the end. */
  left: number;
  /** Per cent of the bar that is still there, 0 to 100. */
  percent: number;
  /** The whole length in minutes. */
  minutes: number;
  /** The 10, 5 and 1 minute marks that fall inside, with their place from the left in per cent. */
  marks: { minutes: number; percent: number }[];
  /** The last mark that was passed; 0 past the end, `undefined` before the first. */
  passed: number | undefined;
  label: string;
}

const MINUTE = 60_000;
const MARKS = [1, 5, 10] as const;

/** What the director counts down, else the end of the running session, else nothing. */
export function timeLeft(countdown: Countdown | undefined, running: EventState | undefined, event: EventInfo, now: number): TimeLeft | undefined {
  if (countdown) {
    // A server that does not say how long the whole was: the next five minutes above what is left.
    const minutes = countdown.minutes ?? Math.max(5, Math.ceil((countdown.ends_at - now) / MINUTE / 5) * 5);
    return at(countdown.ends_at, minutes, countdown.label, now);
  }
  const session = event.sessions.find((one) => one.id === running?.session);
  if (!session || running?.phase !== 'live') return undefined;
  return at((running.session_at ?? session.starts) + session.duration_min * MINUTE, session.duration_min, session.title, now);
}

function at(endsAt: number, minutes: number, label: string, now: number): TimeLeft {
  const left = endsAt - now;
  const share = (part: number): number => Math.min(100, Math.max(0, (part / minutes) * 100));
  const inside = MARKS.filter((mark) => mark < minutes);
  const marks = inside.map((mark) => ({ minutes: mark, percent: share(mark) }));
  const passed = left < 0 ? 0 : inside.find((mark) => left <= mark * MINUTE);
  return { endsAt, left, percent: share(left / MINUTE), minutes, marks, passed, label };
}
