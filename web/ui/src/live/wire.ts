/** The values of the protocol's views (docs/protocol.md), as types. Owns no behaviour. Times are milliseconds since 1970. */

export type QuestionState =
  | 'received' | 'held' | 'approved' | 'staged' | 'on_air' | 'answered' | 'declined' | 'deferred' | 'withdrawn' | 'merged';
export type DeclineCode =
  | 'answered' | 'duplicate' | 'off_topic' | 'too_long' | 'unclear' | 'personal' | 'unlawful' | 'time' | 'other';
export type Layout = 'full' | 'side_by_side' | 'picture_in_picture' | 'mosaic' | 'slate';
export type Phase = 'before' | 'live' | 'after';
export type Tally = 'off' | 'preview' | 'air';

/** Why a question was declined; `see` is another question's id. */
export interface Reason {
  code: DeclineCode;
  text?: string;
  see?: number;
}

/** `public` `q/{id}`. */
export interface Question {
  id: number;
  number: number;
  text: string;
  name?: string;
  public?: string;
  theme?: string;
  site?: string;
  state: QuestionState;
  votes: number;
  asked_at: number;
  rank?: number;
  air_at?: number;
  answered_at?: number;
  written?: string;
  reason?: Reason;
  assigned?: Assigned;
  /** How many questions are united in it. */
  merged?: number;
  /** The site whose operator asked it. */
  room?: string;
}

/** Who is to answer: somebody by name, a room, or both. */
export interface Assigned {
  speaker?: string;
  site?: string;
}

/** `mine` `q/{id}`: what became of one's own. A held one is told as `received`. */
export interface OwnQuestion extends Question {
  /** The question it was united with; its text and answer only when everybody may read them. */
  into?: { id: number; text?: string; state: QuestionState; answered_at?: number; written?: string; to?: 'one' | 'all' };
  deferred_to?: string;
  /** Who reads the written answer. */
  to?: 'one' | 'all';
}

/** `moderation` `q/{id}`. */
export interface ModeratedQuestion extends Omit<Question, 'merged'> {
  version: number;
  original?: string;
  show_name: boolean;
  asker: string;
  room?: string;
  programme_at?: number;
  by?: string;
  claim?: Claim;
  held?: Held;
  /** Ids of the questions united in it. */
  merged?: number[];
  /** The question it was merged into, and where it stood before. */
  into?: number;
  before?: QuestionState;
  notes?: Note[];
  deferred_to?: string;
  /** Who reads the written answer. */
  to?: 'one' | 'all';
  /** Its asker is banned. */
  banned?: boolean;
  /** Language of the page it was asked from. */
  asked_from?: string;
}

/** A colleague works on it until then (server milliseconds). */
export interface Claim {
  by: string;
  staff: string;
  until: number;
}
export interface Held {
  code: 'link' | 'contact' | 'watched' | 'name' | 'moderator';
  text?: string;
}
export interface Note {
  by: string;
  at: number;
  text: string;
}

/** `moderation` `hand/{id}`. */
export interface Hand {
  hand: number;
  state: HandState;
  place?: number;
  name?: string;
  public?: string;
  site?: string;
  about?: string;
  /** The site whose operator asks, for somebody in it. */
  room?: string;
  asker: string;
  version: number;
  at: number;
  called_at?: number;
  by?: string;
}
export type HandState = 'raised' | 'called' | 'ready' | 'speaking' | 'done' | 'lowered' | 'dismissed';

/** `mine` `hand`: one's own request to speak. */
export interface OwnHand {
  hand: number;
  state: HandState;
  /** From 1, while it waits. */
  place?: number;
  version: number;
  reason?: string;
  called_at?: number;
}
/** `mine` `banned`. */
export interface Banned {
  reason: string;
  until?: number;
}
/** `mine` `limits`: slow mode, when the next question may be asked. */
export interface Limits {
  next_at?: number;
}

/** `moderation` `ban/{pseudonym}`. */
export interface Ban {
  reason: string;
  by: string;
  at: number;
  until?: number;
}

/** The rules of the queue; null for a list of ids means all of the event's. */
export interface Policy {
  open: boolean;
  moderation: 'before' | 'after';
  slow_mode_s: number;
  per_person: number;
  per_person_per_min: number;
  per_address_per_min: number;
  max_length: number;
  names: 'none' | 'optional' | 'required';
  themes: string[] | null;
  publics: string[] | null;
  young: boolean;
  hands: boolean;
}
/** `moderation` `policy`: the rules of now, and what each session lays over them when it begins. */
export type PolicyView = Policy & { sessions?: Record<string, Partial<Policy>> };

/** `moderation` `next`: the fairest question to take next, and why. */
export interface FairNext {
  question: number;
  why: { axis: 'site' | 'public' | 'theme'; id: string };
}

/** `journal` `e/{seq}`. */
export interface JournalEntry {
  at: number;
  by: string;
  what: string;
  question?: number;
  hand?: number;
  detail?: unknown;
}

export interface Queue {
  open: boolean;
  moderation: 'before' | 'after';
  max_length: number;
  asked: number;
  answered: number;
  slow_mode_s?: number;
  names?: Policy['names'];
  /** Ids offered to askers; null means all of the event's. */
  themes?: string[] | null;
  publics?: string[] | null;
  hands?: boolean;
  young?: boolean;
  /** Hands up now. */
  raised?: number;
}

/** One line of the balance: what was asked, approved, put on air. */
export interface Share {
  asked: number;
  approved: number;
  aired: number;
}
export type Balance = Record<'site' | 'public' | 'theme', Record<string, Share>>;

export interface Colleague {
  name: string;
  staff?: string;
  since: number;
}

/** `programme` `event`. */
export interface EventState {
  phase: Phase;
  session?: string;
  session_at?: number;
  /** When the sessions of this run really began, by id. */
  sessions_at?: Record<string, number>;
  masked: boolean;
}
export interface Scene {
  layout: Layout;
  slots: string[];
  at: number;
}
export interface SiteState {
  state: 'absent' | 'live' | 'lost';
  tally: Tally;
  muted: boolean;
}
/** `programme` `air` as it arrives: `question` null means that none is on air since `at`. */
export interface Air {
  question: Question | null;
  at: number;
}
/** A question on air since `at`. */
export interface OnAir {
  question: Question;
  at: number;
}

/** `direct`. */
export interface Intent {
  layout: Layout;
  slots: string[];
  asked_at: number;
  shown_at?: number;
}
export interface Preview {
  layout: Layout;
  slots: string[];
}
export interface DirectSite {
  state: 'absent' | 'live' | 'lost';
  words: { code: string; since: number }[];
  level_db: number;
  simulated: boolean;
  kbps: number;
  loss_percent: number;
}
export interface Engine {
  state: 'running' | 'restarting' | 'absent';
  since: number;
  restarts: number;
}
export interface Recording {
  state: 'recording' | 'stopped';
  id: string;
  bytes: number;
  grew_at: number;
  started_at: number;
}
export interface Ready {
  asked_at: number;
  ready_at?: number;
}

/** `stage` and `site/{id}`. */
export interface Message {
  /** Begins again when the server does: two messages are the same when their `at` is, too. */
  id: string | number;
  text: string;
  from?: string;
  at: number;
  seen: boolean;
  seen_at?: number;
  /** The name in the key of who acknowledged it. */
  seen_by?: string;
}
export interface Countdown {
  ends_at: number;
  label: string;
  /** The whole length, so that a bar can be drawn. */
  minutes?: number;
}
export interface SiteTally {
  state: 'off' | 'standby' | 'air';
  since: number;
}

/** `GET /e/{event}/event.json`. */
export interface EventInfo {
  id: string;
  title: string;
  title_en?: string;
  subtitle: string;
  subtitle_en?: string;
  place: string;
  date: string;
  timezone: string;
  languages: string[];
  sites: { id: string; name: string; number: number }[];
  themes: { id: string; name: string; name_en?: string }[];
  publics: { id: string; name: string; name_en?: string }[];
  sessions: SessionInfo[];
  questions: { max_length: number; names?: unknown };
  rehearsal: boolean;
  /** A paragraph for the "about" tab, when the organiser wrote one. */
  description?: string;
}
export interface SessionInfo {
  id: string;
  title: string;
  starts: number;
  duration_min: number;
  sites: string[];
  note?: string;
  title_en?: string;
  note_en?: string;
}
export interface ReplayInfo {
  id: string;
  title: string;
  started_at: number;
  duration_s: number;
  state: 'recording' | 'complete';
}
export interface Chapter {
  at: number;
  offset_s: number;
  kind: 'session' | 'question';
  title: string;
  question?: number;
  end_offset_s?: number;
}
