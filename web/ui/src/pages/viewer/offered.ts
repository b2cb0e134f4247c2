/** What the box offers now: the rules of the queue over what the event file says. Pure. */
import type { EventInfo, Policy, Queue } from '../../live/wire.js';

interface Offer {
  id: string;
  name: string;
  name_en?: string;
}

export interface Offered {
  names: Policy['names'];
  /** *Jeune public*: nobody gives a name. */
  young: boolean;
  maxLength: number;
  themes: readonly Offer[];
  publics: readonly Offer[];
  sites: readonly Offer[];
}

export function offered(event: EventInfo, queue: Queue | undefined): Offered {
  const young = queue?.young === true;
  const said = queue?.names ?? event.questions.names;
  const among = (all: readonly Offer[], ids: string[] | null | undefined): readonly Offer[] =>
    ids ? all.filter((one) => ids.includes(one.id)) : all;
  return {
    names: young ? 'none' : said === 'required' || said === 'none' ? said : 'optional',
    young,
    maxLength: queue?.max_length ?? event.questions.max_length,
    themes: among(event.themes, queue?.themes),
    publics: among(event.publics, queue?.publics),
    sites: event.sites.length > 1 ? event.sites : [],
  };
}
