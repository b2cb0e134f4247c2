import type { Like } from '../index.js';
import type { fr } from '../fr/events.js';

/** The list of events. */
export const en: Like<typeof fr> = {
  title: 'Events',
  live: 'LIVE',
  before: 'Coming up',
  after: 'Replay',
  failed: 'The list is slow to come.',
  none: 'No event here',
  noneText: 'The organiser has not opened one on this server yet.',
};
