// One invented hour of the Grand Est event, as views of the protocol. Names and figures are invented.
const MIN = 60_000;

const SITES = ['Nancy', 'Strasbourg', 'Reims', 'Mulhouse', 'Metz', 'Troyes', 'Charleville-Mézières'].map((name, index) => ({
  id: name.toLowerCase().normalize('NFD').replace(/\p{M}/gu, ''),
  name,
  number: index + 1,
}));
const named = (name) => SITES.find((site) => site.name === name).id;

export function event(id, now, phase) {
  // The third session began 21 minutes ago, four minutes late; before the event the first begins in 42 min 18 s.
  const first = phase === 'before' ? now + 42 * MIN + 18_000 : phase === 'after' ? now - 300 * MIN : now - 70 * MIN;
  const at = (min) => first + min * MIN;
  const rooms = (...names) => names.map(named);
  return {
    id,
    title: 'États généraux du numérique',
    subtitle: 'Grand Est, 13 octobre 2020',
    place: 'Grand Est',
    date: '2020-10-13',
    timezone: 'Europe/Paris',
    languages: ['fr', 'en'],
    sites: SITES,
    themes: [
      { id: 'egal-acces', name: 'Égal accès au numérique' },
      { id: 'enseigner', name: 'Enseigner et apprendre' },
      { id: 'ensemble', name: 'Travailler ensemble' },
      { id: 'responsable', name: 'Responsable et souverain' },
      { id: 'gouvernance', name: 'Gouvernance' },
    ],
    publics: [
      { id: 'eleve', name: 'Élève' },
      { id: 'parent', name: 'Parent' },
      { id: 'professeur', name: 'Professeur' },
      { id: 'encadrement', name: 'Personnel d’encadrement' },
      { id: 'agent', name: 'Agent' },
    ],
    sessions: [
      { id: 'ouverture', title: 'Ouverture depuis Nancy', starts: at(0), duration_min: 15, sites: rooms('Nancy') },
      { id: 'acces', title: 'Égal accès au numérique', starts: at(15), duration_min: 30, sites: rooms('Reims', 'Charleville-Mézières'), note: 'Retours d’expérience de Reims et de Charleville-Mézières' },
      { id: 'ensemble', title: 'Travailler ensemble, autrement', starts: at(45), duration_min: 45, sites: rooms('Strasbourg', 'Troyes', 'Mulhouse') },
      { id: 'pause', title: 'Pause', starts: at(90), duration_min: 15, sites: [] },
      { id: 'enseigner', title: 'Enseigner et apprendre avec le numérique', starts: at(105), duration_min: 45, sites: rooms('Mulhouse', 'Metz') },
      { id: 'responsable', title: 'Un numérique responsable et souverain', starts: at(150), duration_min: 40, sites: rooms('Nancy', 'Troyes') },
      { id: 'gouvernance', title: 'Nouvelle gouvernance, et la suite', starts: at(190), duration_min: 20, sites: SITES.map((site) => site.id) },
    ],
    questions: { max_length: 300, names: 'optional' },
    rehearsal: true,
  };
}

const ago = (now, min) => now - min * MIN;

const PUBLIC = (now) => [
  { id: 42, text: 'Comment travailler ensemble quand on n’a pas tous le même matériel à la maison\u202f?', name: 'Inès', public: 'eleve', site: 'troyes', theme: 'ensemble', state: 'on_air', votes: 57, air_at: now - 80_000 },
  { id: 48, text: 'Comment éviter que les échanges débordent le soir et le week-end\u202f?', name: 'Samira', public: 'parent', site: 'mulhouse', theme: 'ensemble', state: 'staged', votes: 64, rank: 1 },
  { id: 51, text: 'Peut-on partager les cours préparés entre établissements voisins\u202f?', name: 'Julien', public: 'professeur', site: 'reims', theme: 'ensemble', state: 'staged', votes: 41, rank: 2 },
  { id: 55, text: 'Comment garder le lien avec les familles qui ne parlent pas français\u202f?', name: 'Nora', public: 'professeur', site: 'mulhouse', theme: 'egal-acces', state: 'staged', votes: 12, rank: 3 },
  { id: 53, text: 'Les agents auront-ils aussi un compte et une adresse professionnelle\u202f?', name: 'Martine', public: 'agent', site: 'metz', theme: 'gouvernance', state: 'approved', votes: 38 },
  { id: 44, text: 'Comment aider un collègue qui n’ose pas se lancer\u202f?', public: 'encadrement', site: 'nancy', theme: 'ensemble', state: 'approved', votes: 22 },
  { id: 46, text: 'Combien d’applications un élève doit-il connaître pour suivre ses cours\u202f?', name: 'Odile', public: 'parent', site: 'reims', theme: 'enseigner', state: 'approved', votes: 19 },
  { id: 50, text: 'Que faire quand le réseau de l’école tombe en plein cours\u202f?', name: 'Yann', public: 'professeur', site: 'charleville-mezieres', theme: 'enseigner', state: 'approved', votes: 14 },
  { id: 38, text: 'D’où viendront les ordinateurs prêtés aux familles\u202f?', name: 'Paul', public: 'parent', site: 'reims', theme: 'egal-acces', state: 'answered', votes: 27, air_at: ago(now, 41), answered_at: ago(now, 38) },
].map((q, index) => ({ number: q.id, asked_at: ago(now, 60 - index * 3), ...q }));

const MINE = (now) => [
  { id: 55, text: 'Comment garder le lien avec les familles qui ne parlent pas français\u202f?', state: 'staged', rank: 3, votes: 12, asked_at: ago(now, 20) },
  { id: 29, text: 'Faut-il un seul espace numérique pour toutes les écoles\u202f?', state: 'declined', votes: 0, asked_at: ago(now, 40), reason: { code: 'answered', see: 38 } },
].map((q) => ({ number: q.id, ...q }));

// What the chair is told more: the room that asks, and who is to answer.
const STAGED = {
  42: { room: 'troyes', site: undefined },
  48: { room: 'mulhouse', site: undefined, assigned: { speaker: 'Claire Weber', site: 'strasbourg' } },
  51: { room: 'reims', site: 'mulhouse' },
  55: { name: undefined, public: undefined, room: 'strasbourg', site: 'nancy' },
};

/** Closed questions of the moderators, one of each kind. */
const put_away = (now) => [
  { id: 47, text: 'Pourquoi recevoir des messages de l’école à dix heures du soir\u202f?', public: 'parent', theme: 'ensemble', state: 'merged', into: 48, before: 'approved', votes: 9 },
  { id: 36, text: 'Quand le lycée aura-t-il la fibre\u202f?', name: 'Malo', public: 'eleve', site: 'troyes', state: 'deferred', deferred_to: 'Région Grand Est', votes: 4 },
  { id: 35, text: 'Et les écrans dans les chambres\u202f?', public: 'parent', state: 'declined', reason: { code: 'off_topic' }, votes: 1, by: 'Odile Martin' },
].map((q) => ({ number: q.id, version: 2, show_name: true, asker: `a${q.id}`, asked_at: ago(now, 45), ...q }));

const HANDS = (now) => [
  { hand: 1, state: 'called', name: 'Hugo Lambert', public: 'eleve', site: 'metz', about: 'Le prêt d’ordinateurs au lycée', asker: 'h1', version: 2, at: ago(now, 9), called_at: now - 12_000, by: 'Karim Benali' },
  { hand: 2, state: 'raised', place: 1, name: 'Fatou Diop', public: 'professeur', site: 'reims', about: 'Un retour d’expérience sur la classe à distance', asker: 'h2', version: 1, at: ago(now, 6) },
  { hand: 3, state: 'raised', place: 2, public: 'parent', asker: 'h3', version: 1, at: ago(now, 2) },
];

const JOURNAL = (now) => [
  { at: ago(now, 9), by: 'Karim Benali', what: 'approved', question: 50 },
  { at: ago(now, 8), by: 'Odile Martin', what: 'declined', question: 35, detail: { reason: { code: 'off_topic' } } },
  { at: ago(now, 7), by: 'Karim Benali', what: 'deferred', question: 36, detail: 'Région Grand Est' },
  { at: ago(now, 5), by: 'Claire Meyer', what: 'merged', question: 47 },
  { at: ago(now, 3), by: 'Claire Meyer', what: 'staged', question: 55 },
  { at: ago(now, 1), by: 'Claire Meyer', what: 'taken_on_air', question: 42 },
];

const keyed = (all) => Object.fromEntries(all.map((q) => [`q/${q.id}`, q]));
const queue = { open: true, moderation: 'before', max_length: 300, asked: 61, answered: 21, slow_mode_s: 0, names: 'optional', themes: null, publics: null, hands: true, young: false, raised: 2 };

/** The topics of an event in a phase: `before`, `live`, `after`, or `empty` (live, nothing asked). */
export function topics(phase, now) {
  const full = phase === 'live' || phase === 'after';
  const questions = full ? PUBLIC(now).filter((q) => phase === 'live' || q.state === 'answered') : [];
  const moderated = questions.map((q) => ({
    version: 3, show_name: true, asker: `a${q.id}`, programme_at: q.asked_at, ...q,
    ...(q.id === 48 ? { merged: [47] } : {}), ...(q.id === 42 ? { assigned: { site: 'strasbourg' } } : {}),
    ...(q.id === 55 ? { notes: [{ by: 'Odile Martin', at: ago(now, 4), text: 'À rapprocher du retour de Mulhouse' }] } : {}),
  }));
  const received = full
    ? [61, 60, 59, 58].map((id, index) => ({
        id, number: id, version: 1, show_name: false, asker: `a${id}`, state: 'received', votes: 0, asked_at: now - (index + 1) * 40_000,
        text: ['Qui paie les abonnements des familles\u202f?', 'Comment prêter des ordinateurs aux élèves qui n’en ont pas\u202f?', 'Les manuels seront-ils lisibles sans connexion\u202f?', 'Peut-on se former pendant le temps de travail\u202f?'][index],
        public: ['parent', 'professeur', 'eleve', 'agent'][index], site: ['metz', 'nancy', 'troyes', 'reims'][index], theme: 'egal-acces',
        ...(id === 61 ? { state: 'held', held: { code: 'name' } } : {}), ...(id === 60 ? { claim: { by: 'Karim Benali', staff: '22bb22bb22bb22bb', until: now + 55_000 } } : {}),
      }))
    : [];
  const onAir = questions.find((q) => q.state === 'on_air');
  const site = (id, tally) => [`site/${id}`, { state: 'live', tally, muted: false }];
  return {
    public: { queue: { ...queue, open: phase !== 'after' }, ...keyed(questions) },
    mine: { ...keyed(full ? MINE(now) : []), votes: full ? [48] : [] },
    programme: {
      event: { phase: phase === 'empty' ? 'live' : phase, ...(full && phase === 'live' ? { session: 'ensemble', session_at: ago(now, 21) } : {}), masked: false },
      scene: { layout: 'picture_in_picture', slots: ['strasbourg', 'troyes'], at: now - 90_000 },
      air: onAir ? { question: onAir, at: now - 80_000 } : { question: null, at: now - 200_000 },
      ...Object.fromEntries(SITES.map(({ id }) => site(id, id === 'strasbourg' || id === 'troyes' ? 'air' : id === 'mulhouse' ? 'preview' : 'off'))),
    },
    moderation: {
      queue, ...keyed([...moderated, ...received, ...(full ? put_away(now) : [])]),
      'colleague/c0': { name: 'Claire Meyer', since: ago(now, 80) }, 'colleague/c1': { name: 'Odile Martin', since: ago(now, 70) }, 'colleague/c2': { name: 'Karim Benali', since: ago(now, 30) },
      policy: { open: true, moderation: 'before', slow_mode_s: 10, per_person: 5, per_person_per_min: 3, per_address_per_min: 60, max_length: 300, names: 'optional', themes: null, publics: null, young: false, hands: full, sessions: { enseigner: { young: true } } },
      ...(full ? { next: { question: 53, why: { axis: 'public', id: 'agent' } } } : { next: null }),
      ...Object.fromEntries(full ? HANDS(now).map((one) => [`hand/${one.hand}`, one]) : []),
      balance: {
        site: Object.fromEntries(SITES.map(({ id }, i) => [id, { asked: 12 - i, approved: 6 - Math.floor(i / 2), aired: i % 3 }])),
        public: { eleve: { asked: 9, approved: 4, aired: 3 }, parent: { asked: 18, approved: 8, aired: 2 }, professeur: { asked: 22, approved: 9, aired: 5 }, encadrement: { asked: 6, approved: 2, aired: 1 }, agent: { asked: 6, approved: 2, aired: 0 } },
        theme: { 'egal-acces': { asked: 20, approved: 8, aired: 4 }, ensemble: { asked: 24, approved: 10, aired: 5 }, enseigner: { asked: 11, approved: 5, aired: 2 } },
      },
    },
    journal: Object.fromEntries(full ? JOURNAL(now).map((entry, index) => [`e/${101 + index}`, entry]) : []),
    stage: {
      ...keyed(questions.filter((q) => ['on_air', 'staged', 'approved'].includes(q.state)).map((q) => ({ ...q, ...STAGED[q.id] }))),
      countdown: { ends_at: now + 12 * MIN, label: 'Fin de la séance' },
    },
    direct: {
      intent: { layout: 'picture_in_picture', slots: ['strasbourg', 'troyes'], asked_at: now - 90_600, shown_at: now - 90_000 },
      preview: { layout: 'side_by_side', slots: ['mulhouse', 'metz'] },
      ...Object.fromEntries(SITES.map(({ id }, i) => [`site/${id}`, { state: 'live', words: id === 'mulhouse' ? [{ code: 'no_sound', since: now - 8000 }] : [], level_db: id === 'mulhouse' ? -60 : -18 - i * 3, simulated: id !== 'strasbourg', kbps: 1900 - i * 100, loss_percent: 0 }])),
      engine: { state: 'running', since: ago(now, 72), restarts: 0 },
      recording: { state: 'recording', id: 'r1', bytes: 1_240_000_000, grew_at: now, started_at: ago(now, 70) },
    },
    'site/strasbourg': { tally: { state: 'air', since: now - 90_000 } },
  };
}

export function replays(now, growing) {
  return [{ id: 'r1', title: 'États généraux du numérique', started_at: ago(now, 300), duration_s: 60, state: growing ? 'recording' : 'complete' }];
}

/** Chapters over the sixty seconds of the test recording. */
export function chapters(now) {
  const line = (offset_s, kind, title, question) => ({ at: ago(now, 300) + offset_s * 1000, offset_s, kind, title, ...(question ? { question } : {}) });
  return [
    line(0, 'session', 'Ouverture depuis Nancy'),
    line(8, 'session', 'Égal accès au numérique'),
    line(14, 'question', 'D’où viendront les ordinateurs prêtés aux familles\u202f?', 38),
    line(20, 'session', 'Travailler ensemble, autrement'),
    line(24, 'question', 'Comment travailler ensemble quand on n’a pas tous le même matériel à la maison\u202f?', 42),
    line(30, 'question', 'Peut-on partager les cours préparés entre établissements voisins\u202f?', 51),
    line(36, 'question', 'Qui formera les assistants d’éducation aux outils de travail à distance\u202f?', 57),
    line(42, 'session', 'Enseigner et apprendre avec le numérique'),
    line(50, 'session', 'Un numérique responsable et souverain'),
    line(56, 'session', 'Nouvelle gouvernance, et la suite'),
  ];
}
