/** `<pl-room-picture>`: a room's live picture while it is in sight; its last frame as a still when pictures are off. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { Element, define } from '../../components/element.js';
import '../../components/live-video.js';
import type { LiveVideo } from '../../components/live-video.js';
import type { Pictures } from './pictures.js';

class RoomPicture extends Element {
  @property() site = '';
  @property() label = '';
  @property({ attribute: false }) pictures: Pictures | undefined;
  private stream: MediaStream | null = null;
  private still = false;
  private giveBack: (() => void) | undefined;
  private stopListening: (() => void) | undefined;
  private inSight = false;
  private readonly watcher = new IntersectionObserver((entries) => {
    this.inSight = entries.at(-1)?.isIntersecting ?? false;
    this.settle();
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.watcher.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watcher.disconnect();
    this.stopListening?.();
    this.giveBack?.();
    this.giveBack = undefined;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('pictures')) {
      this.stopListening?.();
      this.stopListening = this.pictures?.listen(() => this.settle());
    }
    if (changed.has('site')) {
      this.giveBack?.();
      this.giveBack = undefined;
      this.still = false;
      this.stream = null;
    }
    if (changed.has('site') || changed.has('pictures')) this.settle();
  }

  protected override render(): TemplateResult {
    return html`${this.stream ? html`<pl-live-video .stream=${this.stream} muted .label=${this.label}></pl-live-video>` : nothing}<canvas
        width="320"
        height="180"
        ?hidden=${this.stream !== null || !this.still}
        aria-hidden="true"
      ></canvas>`;
  }

  /** Asks for the stream when it is wanted, gives it back when not, and takes over what is there. */
  private settle(): void {
    const { pictures, site } = this;
    if (!pictures || !site) return;
    const wanted = this.inSight && pictures.on;
    if (wanted && !this.giveBack) this.giveBack = pictures.want(site);
    if (!wanted && this.giveBack) {
      this.giveBack();
      this.giveBack = undefined;
    }
    const stream = wanted ? pictures.stream(site) : null;
    if (stream === this.stream) return;
    if (this.stream && !stream) this.keepStill();
    this.stream = stream;
    this.requestUpdate();
  }

  private keepStill(): void {
    const video = this.querySelector<LiveVideo>('pl-live-video')?.video;
    const canvas = this.querySelector('canvas');
    if (!video || !canvas || video.videoWidth === 0) return;
    canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
    this.still = true;
  }
}
define('pl-room-picture', RoomPicture);
