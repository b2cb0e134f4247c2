/** `gone()`: words for links that do not open, and for addresses where nothing is. */
import { words } from './index.js';
import { fr } from './fr/gone.js';
import { en } from './en/gone.js';

export const gone = words(fr, en);
