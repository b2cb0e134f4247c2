/**
 * The key of a link. Owns its way from the address (`#key=KEY`) to the tab's storage; a key is never left in the address,
 * never sent in a query string, never shown.
 */
import { tab } from './store.js';

/** What a key says about itself. Read for display only: the server alone decides. */
export interface Claims {
  role: string;
  event: string;
  site?: string;
  name?: string;
  /** Unix seconds. */
  exp?: number;
}

/** The key for this page of this event: taken from the fragment when there, else from this tab. */
export function takeKey(event: string, page: string): string | undefined {
  const name = `pl-key/${event}/${page}`;
  const fragment = new URLSearchParams(location.hash.slice(1));
  const found = fragment.get('key');
  if (found) {
    tab.set(name, found);
    fragment.delete('key');
    const rest = fragment.toString();
    history.replaceState(history.state, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  }
  return found ?? tab.get(name) ?? undefined;
}

/** Keeps a key that was given in an answer: for this tab alone, like those of links. */
export function keepKey(event: string, page: string, key: string): void {
  tab.set(`pl-key/${event}/${page}`, key);
}

/** The key kept for this page, without a look at the address. */
export function keptKey(event: string, page: string): string | undefined {
  return tab.get(`pl-key/${event}/${page}`) ?? undefined;
}

/** Forgets the key of this page (it was refused, or the person leaves). */
export function dropKey(event: string, page: string): void {
  tab.remove(`pl-key/${event}/${page}`);
}

/** The claims of a key, or nothing when it is not one. */
export function claims(key: string): Claims | undefined {
  try {
    const part = key.split('.')[0] ?? '';
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Claims;
  } catch {
    return undefined;
  }
}
