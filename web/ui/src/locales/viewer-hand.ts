/** `hand()`: asking to speak. */
import { words } from './index.js';
import { fr } from './fr/viewer-hand.js';
import { en } from './en/viewer-hand.js';

export const hand = words(fr, en);
