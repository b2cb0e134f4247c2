/** The words of the moderator page, and the ready-made replies in both languages: they are for the asker, whoever reads the page. */
import { words } from './index.js';
import { builtIn as frReplies, fr } from './fr/moderator.js';
import { builtIn as enReplies, en } from './en/moderator.js';

export const moderator = words(fr, en);

export const BUILT_IN = { fr: frReplies, en: enReplies };
