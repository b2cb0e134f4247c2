/** Why a server that answers takes no more lines. Asks once; decides nothing. */

/** `full`: the server has all it can hold. `address`: too many pages come from this address (a school behind one). */
export type Crowded = 'full' | 'address';

/** What a plain request to `url` says; nothing when it is not about crowds, or there is no answer at all. */
export async function crowdedAt(url: string): Promise<Crowded | undefined> {
  try {
    const { status } = await fetch(url, { cache: 'no-store', credentials: 'omit' });
    return status === 503 ? 'full' : status === 429 ? 'address' : undefined;
  } catch {
    return undefined;
  }
}
