import type { Like } from '../index.js';
import type { fr } from '../fr/gone.js';

/** Links that do not open, addresses where nothing is. */
export const en: Like<typeof fr> = {
  pages: {
    moderate: 'moderation',
    direct: 'the control room',
    site: 'the page of the room',
    stage: 'the stage page',
    other: 'this page',
  },
  refusedTitle: (where: string) => `This link does not open ${where}`,
  missing: 'This page opens with a personal link, which carries a key. It is missing here: the link may have been cut while copying.',
  wrong: 'Its key is not known for this event. The link may have been cut while copying.',
  expired: 'It is no longer valid: its date has passed.',
  revoked: 'The organiser has withdrawn it.',
  ask: 'Ask the organiser for a new one.',
  said: (detail: string) => `The server adds: ${detail}`,
  watch: 'Watch the event',
  missingTitle: 'There is nothing at this address',
  missingText: 'The event may have been renamed, or the address was cut while copying.',
  allEvents: 'See the events',
};
