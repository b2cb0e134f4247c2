/** Words of the rules of the queue. */
export const fr = {
  title: 'Règles des questions',
  when: 'Règles',
  now: 'En ce moment',
  session: (n: number, title: string, own: boolean) => `Dès la séance ${n}, ${title}${own ? ' (a ses règles)' : ''}`,
  nowNote: 'S’appliquent tout de suite, chez tous.',
  laterNote: 'S’appliqueront quand cette séance commencera.',
  saved: 'Règles enregistrées',
  hands: 'On peut demander la parole',
  young: 'Jeune public',
  youngNote: 'Jeune public\u00a0: les noms ne sont ni demandés ni montrés, et chaque question est relue avant de paraître.',
  counts: {
    slow_mode_s: 'Secondes entre deux questions',
    per_person: 'Questions ouvertes par personne',
    per_person_per_min: 'Par personne et par minute',
    per_address_per_min: 'Par adresse et par minute',
    max_length: 'Caractères par question',
  },
  names: 'Noms',
  namesOf: { none: 'Non demandés', optional: 'Facultatifs', required: 'Obligatoires' },
  themes: 'Thèmes proposés',
  publics: 'Publics proposés',
};
