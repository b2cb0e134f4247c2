/** `playerWords()`: the player. */
import { words } from './index.js';
import { fr } from './fr/player.js';
import { en } from './en/player.js';

export const playerWords = words(fr, en);
