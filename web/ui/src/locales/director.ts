/** The words of the director page. */
import { words } from './index.js';
import { fr } from './fr/director.js';
import { en } from './en/director.js';

export const director = words(fr, en);
