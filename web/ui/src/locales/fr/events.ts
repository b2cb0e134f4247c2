/** The list of events. */
export const fr = {
  title: 'Événements',
  live: 'EN DIRECT',
  before: 'À venir',
  after: 'Rediffusion',
  failed: 'La liste tarde à venir.',
  none: 'Aucun événement ici',
  noneText: 'L’organisateur n’en a pas encore ouvert sur ce serveur.',
};
