/** Words of the page held on stage. */
import type { Like } from '../index.js';
import type { fr } from '../fr/stage.js';

export const en: Like<typeof fr> = {
  title: 'Stage',
  titleOf: (site: string) => `Stage, ${site}`,
  heading: 'Current question and the next ones',
  sessionOf: (n: number, title: string) => `Session ${n}, ${title}`,
  current: 'Question on air',
  onAir: 'ON AIR',
  forSite: (name: string) => `For ${name}`,
  none: { title: 'No question on air', text: 'The question appears here as soon as the director puts it on air.' },
  nameless: 'No name',
  then: 'Next',
  approved: 'Accepted, not on the run sheet yet',
  thenNone: 'No other question is waiting.',
  left: 'Time left',
  sessionLeft: 'End of the session',
  leftWords: (left: string) => `${left} left. `,
  over: (by: string) => `${by} over. `,
  endsAt: 'Ends at',
  minutes: (n: number) => `${n}\u00a0min`,
  noCountdown: 'No countdown running.',
  messages: 'Messages from the director',
  noMessages: 'Nothing so far.',
  messageAt: (at: string) => `Director, at ${at}`,
  seen: 'Seen',
  keepNote: 'Without network the last list stays on screen.',
  lostSince: (at: string) => `Network lost: this is the last list, from ${at}. It will catch up by itself.`,
};
