/** The words of the rules of the queue. */
import { words } from './index.js';
import { fr } from './fr/moderator-rules.js';
import { en } from './en/moderator-rules.js';

export const rules = words(fr, en);
