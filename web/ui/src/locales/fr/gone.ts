/** Links that do not open, addresses where nothing is. */
export const fr = {
  pages: {
    moderate: 'la modération',
    direct: 'la régie',
    site: 'la page de la salle',
    stage: 'la page du plateau',
    other: 'cette page',
  } as Record<string, string>,
  refusedTitle: (where: string) => `Ce lien n’ouvre pas ${where}`,
  missing: 'Cette page s’ouvre avec un lien personnel, qui porte une clé. Il manque ici\u00a0: il a peut-être été coupé en le copiant.',
  wrong: 'Sa clé n’est pas reconnue pour cet événement. Le lien a peut-être été coupé en le copiant.',
  expired: 'Il n’est plus valable\u00a0: sa date est passée.',
  revoked: 'L’organisateur l’a retiré.',
  ask: 'Demandez-en un nouveau à l’organisateur.',
  said: (detail: string) => `Le serveur précise\u00a0: ${detail}`,
  watch: 'Suivre le direct',
  missingTitle: 'Il n’y a rien à cette adresse',
  missingText: 'L’événement a peut-être changé de nom, ou l’adresse a été coupée en la copiant.',
  allEvents: 'Voir les événements',
};
