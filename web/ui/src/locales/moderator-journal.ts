/** The words of the journal of the queue. */
import { words } from './index.js';
import { fr } from './fr/moderator-journal.js';
import { en } from './en/moderator-journal.js';

export const journal = words(fr, en);
