/** `viewer()`: the viewer's page. */
import { words } from './index.js';
import { fr } from './fr/viewer.js';
import { en } from './en/viewer.js';

export const viewer = words(fr, en);
