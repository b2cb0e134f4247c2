/** Small values kept in the browser. Never throws: a page embedded or private simply forgets. */

/** What is kept for good in this browser. */
export const local = kept(() => localStorage);
/** What is kept for this tab only. */
export const tab = kept(() => sessionStorage);

function kept(storage: () => Storage) {
  const memory = new Map<string, string>();
  return {
    get(key: string): string | null {
      try {
        return storage().getItem(key);
      } catch {
        return memory.get(key) ?? null;
      }
    },
    /** The keys that begin with `prefix`. */
    keys(prefix: string): string[] {
      try {
        return Object.keys(storage()).filter((key) => key.startsWith(prefix));
      } catch {
        return [...memory.keys()].filter((key) => key.startsWith(prefix));
      }
    },
    set(key: string, value: string): void {
      try {
        storage().setItem(key, value);
      } catch {
        memory.set(key, value);
      }
    },
    remove(key: string): void {
      memory.delete(key);
      try {
        storage().removeItem(key);
      } catch {
        /* nothing was kept */
      }
    },
  };
}
