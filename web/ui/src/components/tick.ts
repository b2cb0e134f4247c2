/** Makes an element draw itself again at a steady pace, only while it is in the page and in sight. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export class Ticker implements ReactiveController {
  private timer = 0;
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly everyMs = 1000,
  ) {
    host.addController(this);
  }
  hostConnected(): void {
    this.timer = window.setInterval(() => {
      if (!document.hidden) this.host.requestUpdate();
    }, this.everyMs);
  }
  hostDisconnected(): void {
    clearInterval(this.timer);
  }
}
