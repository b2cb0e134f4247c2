/** `common()`: the words every page shares. */
import { words } from './index.js';
import { fr } from './fr/common.js';
import { en } from './en/common.js';

export const common = words(fr, en);
