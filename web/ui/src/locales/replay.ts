/** `replay()`: the replay page. */
import { words } from './index.js';
import { fr } from './fr/replay.js';
import { en } from './en/replay.js';

export const replay = words(fr, en);
