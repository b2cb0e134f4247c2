/** What each key does to the player. Decides only. */

/** `skip` in seconds, `volume` as a share of the whole. */
export type PlayerAct = 'toggle' | 'mute' | 'full' | 'captions' | { skip: number } | { volume: number };

/** Where the key was pressed. */
export interface KeyPlace {
  /** In the player, or nowhere in particular. */
  inside: boolean;
  /** On a button, link or slider, which has keys of its own. */
  onControl: boolean;
  /** The player fills the screen, so that arrows up and down do not scroll anything. */
  full: boolean;
}

/** Letters work everywhere; space and arrows only where they mean nothing else. */
export function playerAct(key: string, place: KeyPlace): PlayerAct | undefined {
  const free = place.inside && !place.onControl;
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case 'k':
      return 'toggle';
    case 'j':
      return { skip: -10 };
    case 'l':
      return { skip: 10 };
    case 'm':
      return 'mute';
    case 'f':
      return 'full';
    case 'c':
      return 'captions';
    case ' ':
      return free ? 'toggle' : undefined;
    case 'ArrowLeft':
      return free ? { skip: -5 } : undefined;
    case 'ArrowRight':
      return free ? { skip: 5 } : undefined;
    case 'ArrowUp':
      return free && place.full ? { volume: 0.1 } : undefined;
    case 'ArrowDown':
      return free && place.full ? { volume: -0.1 } : undefined;
    default:
      return undefined;
  }
}
