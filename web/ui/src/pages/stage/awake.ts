/** Keeps the screen on while the page is in sight. Asks nobody: where the browser does not allow it, the page says so. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export class Awake implements ReactiveController {
  /** Whether the screen stays on; `undefined` until the browser has answered. */
  on: boolean | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    document.addEventListener('visibilitychange', this.#hold);
    void this.#hold();
  }

  hostDisconnected(): void {
    document.removeEventListener('visibilitychange', this.#hold);
  }

  /** The browser lets go of the screen whenever the page is hidden, so it is asked again at each return. */
  readonly #hold = async (): Promise<void> => {
    if (document.visibilityState !== 'visible') return;
    try {
      // Absent on plain HTTP and in older browsers; refused when the battery is low.
      await navigator.wakeLock.request('screen');
      this.on = true;
    } catch {
      this.on = false;
    }
    this.host.requestUpdate();
  };
}
