/** Words of the rules of the queue. */
import type { Like } from '../index.js';
import type { fr } from '../fr/moderator-rules.js';

export const en: Like<typeof fr> = {
  title: 'Rules of the questions',
  when: 'Rules',
  now: 'Now',
  session: (n: number, title: string, own: boolean) => `From session ${n}, ${title}${own ? ' (has its own)' : ''}`,
  nowNote: 'They apply at once, for everybody.',
  laterNote: 'They will apply when this session begins.',
  asEvent: 'As the event',
  saved: 'Rules saved',
  hands: 'People may ask to speak',
  young: 'Young audience',
  youngNote: 'Young audience: names are neither asked for nor shown, and every question is reviewed before it appears.',
  counts: {
    slow_mode_s: 'Seconds between two questions',
    per_person: 'Open questions per person',
    per_person_per_min: 'Per person and minute',
    per_address_per_min: 'Per address and minute',
    max_length: 'Characters per question',
  },
  names: 'Names',
  namesOf: { none: 'Not asked for', optional: 'Optional', required: 'Required' },
  themes: 'Themes offered',
  publics: 'Publics offered',
};
