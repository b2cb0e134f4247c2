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
  wrongEvent: 'Its key belongs to another event.',
  notAllowed: 'Its key opens another page, not this one.',
  expired: 'It is no longer valid: its date has passed.',
  expiredOn: (day: string) => `It has not been valid since ${day}.`,
  revoked: 'The organiser has withdrawn it.',
  ended: 'It has just expired, or the organiser has withdrawn it.',
  ask: 'Ask the organiser for a new one.',
  watch: 'Watch the event',
  missingTitle: 'There is nothing at this address',
  missingText: 'The event may have been renamed, or the address was cut while copying.',
  crowdedTitle: { full: 'The server is full', address: 'Too many pages open from here' },
  crowded: {
    full: 'Too many people are connected just now. The page tries again by itself; the live picture can be watched.',
    address: 'Too many pages are open from this Internet connection. Close those not in use; the organiser can also raise the limit.',
  },
  away: { title: 'The server does not answer', text: 'It may be restarting. The page tries again every three seconds, there is nothing to do.' },
  noNetwork: { title: 'No network', text: 'This device is not connected to the Internet any more. The page comes back by itself with the network.' },
  allEvents: 'See the events',
};
