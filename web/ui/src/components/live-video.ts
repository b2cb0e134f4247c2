/** A picture that is a MediaStream: the own camera, a return, a room. Owns the video element, never the connection. */
import { html, type PropertyValues, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { Element, define } from './element.js';

/** Fires `blocked` when the browser wants a press before it plays sound; the picture then goes on muted. */
export class LiveVideo extends Element {
  @property({ attribute: false }) stream: MediaStream | null = null;
  @property({ type: Boolean }) muted = true;
  @property() label = '';

  get video(): HTMLVideoElement | null {
    return this.querySelector('video');
  }

  protected override render(): TemplateResult {
    return html`<video playsinline aria-label=${this.label}></video>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const { video } = this;
    if (!video) return;
    video.muted = this.muted;
    if (changed.has('stream') && video.srcObject !== this.stream) video.srcObject = this.stream;
    if (this.stream && (changed.has('stream') || changed.has('muted'))) void this.#play(video);
  }

  async #play(video: HTMLVideoElement): Promise<void> {
    try {
      await video.play();
    } catch (error) {
      if (video.muted || (error as DOMException).name !== 'NotAllowedError') return;
      video.muted = true;
      this.dispatchEvent(new Event('blocked'));
      await video.play().catch(() => undefined);
    }
  }
}
define('pl-live-video', LiveVideo);
