/** Owns what is wrong, in order of weight, from what the server observed. Draws nothing; the words are the page's. */
import type { DirectSite, Engine, EventInfo, SiteState } from '../../live/wire.js';
import { duration } from '../../locales/index.js';
import { director } from '../../locales/director.js';

export interface Trouble {
  site: string;
  name: string;
  code: string;
  /** Server ms. */
  since: number | undefined;
  onAir: boolean;
}

/** Everything wrong with the rooms: what is on air first, then the oldest. A room that never came is no trouble until it is shown. */
export function troubles(event: EventInfo, direct: ReadonlyMap<string, unknown>, programme: ReadonlyMap<string, unknown>): Trouble[] {
  const found: Trouble[] = [];
  for (const { id, name } of event.sites) {
    const site = direct.get(`site/${id}`) as DirectSite | undefined;
    const onAir = (programme.get(`site/${id}`) as SiteState | undefined)?.tally === 'air';
    if (!site) continue;
    if (site.state === 'lost' || (site.state === 'absent' && onAir)) found.push({ site: id, name, code: site.state, since: site.words[0]?.since, onAir });
    else for (const word of site.words) found.push({ site: id, name, code: word.code, since: word.since, onAir });
  }
  return found.sort((a, b) => Number(b.onAir) - Number(a.onAir) || (a.since ?? 0) - (b.since ?? 0));
}

/** A code in words; one this page does not know is still told. */
export function word(code: string): string {
  const words = director().health;
  const known = words[code as keyof typeof words];
  return typeof known === 'string' ? known : words.other(code);
}

/** "Pas de son, 8 s". */
export function briefly(trouble: Trouble, now: number): string {
  return trouble.since === undefined ? word(trouble.code) : director().healthFor(word(trouble.code), ago(trouble.since, now));
}

/** "pas de son depuis 8 s." */
export function atLength(trouble: Trouble, now: number): string {
  const text = word(trouble.code);
  return trouble.since === undefined ? `${text}.` : director().healthLong(text, ago(trouble.since, now));
}

export function ago(since: number, now: number): string {
  return duration(Math.max(0, (now - since) / 1000));
}

/** How many rooms are linked now. */
export function linked(event: EventInfo, direct: ReadonlyMap<string, unknown>): number {
  return event.sites.filter(({ id }) => (direct.get(`site/${id}`) as DirectSite | undefined)?.state === 'live').length;
}

/** The mix itself, when it does not run. */
export function engineTrouble(engine: Engine | undefined): string | undefined {
  return engine && engine.state !== 'running' ? director().engine[engine.state] : undefined;
}
