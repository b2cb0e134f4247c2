/** The words of the site page. */
import { words } from './index.js';
import { fr } from './fr/site.js';
import { en } from './en/site.js';

export const site = words(fr, en);
