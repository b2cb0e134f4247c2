/**
 * The state of one director's page: the scene being prepared, the slot that is filled next, what was asked and is not seen
 * yet. Sends the director's commands; the views say what became of them.
 */
import { toast } from '../../components/toast.js';
import { Refused, type Connection } from '../../live/connection.js';
import type { EventInfo, EventState, Intent, Scene as SeenScene } from '../../live/wire.js';
import { common } from '../../locales/common.js';
import { director } from '../../locales/director.js';
import { complete, sameScene, withLayout, withSite, type Layout, type Scene } from './layouts.js';

export class Panel {
  /** The slot a site pressed next goes to. */
  slot = 0;
  /** Commands on their way, by name and target (`take`, `mute/nancy`). */
  readonly pending = new Set<string>();
  #draft: Scene | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly event: () => EventInfo | undefined,
    readonly changed: () => void,
  ) {}

  /** No line: what is shown is the past, and what is pressed waits. */
  get away(): boolean {
    return this.connection.state === 'offline';
  }

  get direct(): ReadonlyMap<string, unknown> {
    return this.connection.topic('direct').map;
  }

  get programme(): ReadonlyMap<string, unknown> {
    return this.connection.topic('programme').map;
  }

  get running(): EventState | undefined {
    return this.programme.get('event') as EventState | undefined;
  }

  /** What is on air, as seen in the picture. */
  get scene(): SeenScene | undefined {
    return this.programme.get('scene') as SeenScene | undefined;
  }

  get intent(): Intent | undefined {
    return this.direct.get('intent') as Intent | undefined;
  }

  /** The scene in preview: what was chosen here until the server says the same. */
  get preview(): Scene {
    const shared = this.direct.get('preview') as Scene | undefined;
    if (sameScene(shared, this.#draft)) this.#draft = undefined;
    return this.#draft ?? shared ?? this.#first();
  }

  setLayout(layout: Layout): void {
    this.slot = 0;
    this.#prepare(withLayout(this.preview, layout, this.#present()));
  }

  putSite(site: string): void {
    const { scene, next } = withSite(this.preview, site, this.slot);
    this.slot = next;
    this.#prepare(scene);
  }

  swap(): void {
    const { layout, slots } = this.preview;
    this.#prepare({ layout, slots: slots.slice().reverse() });
  }

  chooseSlot(slot: number): void {
    this.slot = slot;
    this.changed();
  }

  /** Puts the preview on air. */
  take(scene: Scene = this.preview): void {
    if (!complete(scene)) return;
    void this.send('take', 'take', { layout: scene.layout, slots: scene.slots });
  }

  /** Sends a command; `name` marks it as on its way. A refusal is told, and the page shows what is true again. */
  async send(name: string, command: string, fields: Record<string, unknown>, done?: () => void): Promise<boolean> {
    this.pending.add(name);
    this.changed();
    try {
      await this.connection.send(command, fields).done;
      done?.();
      return true;
    } catch (error) {
      const refused = error instanceof Refused ? error : undefined;
      toast(common().refusal[refused?.code ?? 'unavailable'] ?? refused?.detail ?? '');
      return false;
    } finally {
      this.pending.delete(name);
      this.changed();
    }
  }

  /** Sends a command whose opposite takes it back. */
  undoable(name: string, command: string, fields: Record<string, unknown>, said: string, back: Record<string, unknown>): void {
    void this.send(name, command, fields, () => toast(said, () => void this.send(name, command, back)));
  }

  /** How a scene reads: "À deux, Strasbourg et Mulhouse". */
  describe(scene: { layout: Layout; slots: string[] } | undefined): string {
    if (!scene) return director().nothingYet;
    const names = scene.slots.map((id) => this.siteName(id));
    return [director().layouts[scene.layout], ...(scene.layout === 'mosaic' ? [] : names)].join(', ');
  }

  siteName(id: string): string {
    return this.event()?.sites.find((site) => site.id === id)?.name ?? id;
  }

  /** Nothing prepared yet: the first room that is there and not on air, so that the first press of `take` does something. */
  #first(): Scene {
    const there = this.#present();
    const site = there.find((id) => !this.scene?.slots.includes(id)) ?? there[0];
    return { layout: 'full', slots: site ? [site] : [] };
  }

  #prepare(scene: Scene): void {
    this.#draft = scene;
    this.changed();
    const fields = { layout: scene.layout, slots: scene.slots };
    void this.send('preview', 'preview', fields).then((kept) => {
      if (!kept && this.#draft === scene) this.#draft = undefined;
      this.changed();
    });
  }

  /** The rooms to fill slots with: those that are there, in their order; all of them while none is. */
  #present(): string[] {
    const all = this.event()?.sites.map((site) => site.id) ?? [];
    const there = all.filter((id) => (this.direct.get(`site/${id}`) as { state?: string } | undefined)?.state === 'live');
    return there.length > 0 ? there : all;
  }
}
