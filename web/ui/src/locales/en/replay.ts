import { number, plural, type Like } from '../index.js';
import type { fr } from '../fr/replay.js';

/** The replay page. */
export const en: Like<typeof fr> = {
  doc: (what: string, event: string) => `Replay: ${what} - ${event}`,
  aside: 'Chapters',
  chapters: 'Chapters',
  search: 'Search the chapters',
  searchHint: 'Search a word, a question',
  found: (n: number) => `${number(n)} ${plural(n, 'chapter found', 'chapters found')}`,
  noneFound: 'Nothing matches',
  noneFoundText: (word: string) => `No chapter contains “${word}”. Try another word.`,
  noChapters: 'No chapter yet',
  noChaptersText: 'Each session and each answer will add one.',
  slow: 'The chapters are slow to come. The replay goes on.',
  kind: 'Replay',
  session: (n: number) => `session ${n}`,
  at: (day: string, clock: string) => `${day} at ${clock}`,
  answered: (n: number) => `Question ${n}`,
  sentence: (n: number, who: string) => (who ? `Question ${n} from ${who}.` : `Question ${n}.`),
  share: (at: string) => `Share at ${at}`,
  shared: (at: string) => `Address copied: it opens the replay at ${at}`,
  shareRefused: (url: string) => `Copy this address: ${url}`,
  subscribe: 'Subscribe',
  download: 'Download',
  growing: 'The recording goes on: what follows is added by itself.',
  toLive: 'Join the live stream',
  which: 'Recording',
  none: 'Nothing to watch again yet',
  noneText: 'The replay will be at this address as soon as the recording has begun.',
  toEvent: 'Go to the page of the event',
  failed: 'The list of recordings is slow to come.',
};
