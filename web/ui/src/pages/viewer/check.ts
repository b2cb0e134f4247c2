/**
 * `<pl-check>`: one's own camera and microphone before going on air. Asks for them only when pressed, shows and measures them here,
 * sends nothing, and lets go of them when it leaves the page.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { focusInside } from '../../components/drawer.js';
import { define, Element } from '../../components/element.js';
import { icon } from '../../components/icon.js';
import { banner, meter, status } from '../../components/parts.js';
import { SoundLevel } from '../../live/sound-level.js';
import { hand } from '../../locales/viewer-hand.js';
import { failureOf, type Failure } from './devices.js';

export class Check extends Element {
  /** The person is ready, with a microphone that was allowed. */
  @property({ attribute: false }) ready: () => void = () => undefined;
  @property({ attribute: false }) leave: () => void = () => undefined;
  /** The answer is on its way. */
  @property({ type: Boolean }) busy = false;
  @state() private stream: MediaStream | undefined;
  @state() private failure: Failure | undefined;
  @state() private asking = false;
  private devices: MediaDeviceInfo[] = [];
  private gone = false;
  private readonly level = new SoundLevel(() => this.requestUpdate());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.gone = true;
    this.letGo();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.gone = false;
  }

  protected override render(): TemplateResult {
    const t = hand();
    return html`<div class="check" tabindex="-1" ${focusInside()}>
      ${this.stream ? this.devicesFound(this.stream) : html`<p class="small">${t.checkWhy}</p>`}
      ${this.failure ? banner('look', 'warn', t.failure[this.failure]) : nothing}
      <div class="row">
        ${this.stream
          ? html`<button class="btn btn--ready grow" type="button" aria-busy=${this.busy ? 'true' : nothing} @click=${() => this.busy || this.ready()}>
              ${this.busy ? nothing : icon('check')}${t.ready}
            </button>`
          : html`<button class="btn btn--primary grow" type="button" data-first-focus aria-busy=${this.asking ? 'true' : nothing} @click=${() => void this.start()}>
              ${this.asking ? nothing : icon('mic')}${this.failure ? t.tryAgain : t.check}
            </button>`}
        <button class="btn" type="button" @click=${this.leave}>${t.notNow}</button>
      </div>
    </div>`;
  }

  private devicesFound(stream: MediaStream): TemplateResult {
    const t = hand();
    const [camera] = stream.getVideoTracks();
    return html`<div class="check__found">
        ${camera
          ? html`<video class="check__pic" muted playsinline autoplay .srcObject=${live(stream)} aria-label=${t.preview}></video>`
          : html`<div class="check__pic check__pic--none">${icon('eyeoff')}<span>${t.noCamera}</span></div>`}
        <div class="stack stack--tight">
          ${meter(this.level.db, { big: true, label: t.meter })}
          <span role="status">${this.level.heard ? status('okc', t.heard, 'ready') : status('mic', t.speak)}</span>
          ${this.choice('videoinput', camera, t.camera)} ${this.choice('audioinput', stream.getAudioTracks()[0], t.microphone)}
        </div>
      </div>
      <p class="small muted">${t.nothingSent}</p>`;
  }

  /** A choice of device, only where there is one. */
  private choice(kind: MediaDeviceKind, track: MediaStreamTrack | undefined, label: string): TemplateResult | typeof nothing {
    const all = this.devices.filter((one) => one.kind === kind && one.deviceId !== '');
    if (all.length < 2) return nothing;
    const now = track?.getSettings().deviceId;
    const pick = (event: Event): void => {
      const id = (event.target as HTMLSelectElement).value;
      const other = kind === 'videoinput' ? this.stream?.getAudioTracks()[0] : this.stream?.getVideoTracks()[0];
      void this.start({ [kind]: id, [kind === 'videoinput' ? 'audioinput' : 'videoinput']: other?.getSettings().deviceId });
    };
    return html`<label class="field"
      ><span class="label small strong">${label}</span
      ><select class="input" @change=${pick}>
        ${all.map((one) => html`<option value=${one.deviceId} ?selected=${one.deviceId === now}>${one.label || label}</option>`)}
      </select></label
    >`;
  }

  private async start(wanted: Partial<Record<MediaDeviceKind, string | undefined>> = {}): Promise<void> {
    this.letGo();
    this.failure = undefined;
    this.asking = true;
    try {
      const stream = await open(wanted);
      if (this.gone) return stop(stream);
      this.stream = stream;
      this.level.listen(stream);
      this.devices = await navigator.mediaDevices.enumerateDevices();
      await this.updateComplete;
      // The button just pressed is gone: the next one to press takes its focus.
      if (document.activeElement === document.body) this.querySelector<HTMLElement>('.btn--ready')?.focus({ preventScroll: true });
    } catch (error) {
      this.failure = failureOf(error);
    }
    this.asking = false;
  }

  private letGo(): void {
    this.level.stop();
    stop(this.stream);
    this.stream = undefined;
  }
}
define('pl-check', Check);

/** Both, or the microphone alone where there is no camera: one can be heard without being seen. */
async function open(wanted: Partial<Record<MediaDeviceKind, string | undefined>>): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DOMException('no devices outside a secure context', 'SecurityError');
  const audio = wanted.audioinput ? { deviceId: { exact: wanted.audioinput } } : true;
  const video = { width: { ideal: 1280 }, height: { ideal: 720 }, ...(wanted.videoinput ? { deviceId: { exact: wanted.videoinput } } : {}) };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio, video });
  } catch (error) {
    if (failureOf(error) === 'refused') throw error;
    return navigator.mediaDevices.getUserMedia({ audio });
  }
}

function stop(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
