/** The words of the moderator page. */
import { words } from './index.js';
import { fr } from './fr/moderator.js';
import { en } from './en/moderator.js';

export const moderator = words(fr, en);
