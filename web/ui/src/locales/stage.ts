/** The words of the stage page. */
import { words } from './index.js';
import { fr } from './fr/stage.js';
import { en } from './en/stage.js';

export const stage = words(fr, en);
