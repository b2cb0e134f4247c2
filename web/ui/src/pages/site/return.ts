/** The return of a room: the programme's picture with the sound of everybody else. Owns its connection and whether it is heard. */
import { SoundLevel } from '../../live/sound-level.js';
import { WhepPlayer } from '../../live/whep.js';

export class Return {
  stream: MediaStream | null = null;
  muted = false;
  /** This room is alone on air: hearing the programme would be hearing itself, late. */
  alone = false;
  /** The browser wants a press before it plays sound. */
  blocked = false;
  failing = false;
  readonly level: SoundLevel;
  #player: WhepPlayer;

  constructor(
    url: string,
    key: string | null,
    private readonly changed: () => void,
  ) {
    this.level = new SoundLevel(changed);
    this.#player = new WhepPlayer({
      url,
      key,
      onStream: (stream) => this.#take(stream),
      onState: ({ state }) => {
        this.failing = state === 'retrying' || state === 'refused';
        changed();
      },
    });
    this.#player.start();
  }

  setMuted(muted: boolean, blocked = false): void {
    this.muted = muted;
    this.blocked = blocked;
    this.changed();
  }

  close(): void {
    this.#player.stop();
    this.level.stop();
  }

  #take(stream: MediaStream | null): void {
    this.stream = stream;
    this.level.listen(stream);
    this.changed();
  }
}
