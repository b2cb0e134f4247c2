/** `events()`: the list of events. */
import { words } from './index.js';
import { fr } from './fr/events.js';
import { en } from './en/events.js';

export const events = words(fr, en);
