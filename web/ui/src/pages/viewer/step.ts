/** The event's state in step with the picture: scene, question on air, session. */
import type { View } from '../../live/connection.js';
import { Stepped } from '../../live/stepped.js';
import { clock } from '../../live/clock.js';
import type { Air, EventState, OnAir, Scene } from '../../live/wire.js';

export class InStep {
  private readonly scenes = new Stepped<Scene>();
  private readonly airs = new Stepped<Air>();
  private readonly sessions = new Stepped<EventState>();
  private first = true;

  /** Takes what the `programme` topic says now. */
  hear(programme: View): void {
    if (!programme.loaded) return;
    const scene = programme.get<Scene>('scene');
    const air = programme.get<Air>('air');
    const event = programme.get<EventState>('event');
    this.scenes.hear(scene, scene?.at ?? 0);
    // Taken off the air: the view says that it is gone, not when; the moment it was heard is the moment it was seen to go.
    this.airs.hear(air, air?.at ?? (this.first ? 0 : clock.now()));
    this.sessions.hear(event, event?.session_at ?? 0);
    this.first = false;
  }

  scene(date: number | undefined): Scene | undefined {
    return this.scenes.at(date);
  }
  air(date: number | undefined): OnAir | undefined {
    const air = this.airs.at(date);
    return air?.question ? { question: air.question, at: air.at } : undefined;
  }
  event(date: number | undefined): EventState | undefined {
    return this.sessions.at(date);
  }
}
