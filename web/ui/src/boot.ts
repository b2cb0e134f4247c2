/**
 * Runs before the first paint: theme and language of this visitor. Owns no behaviour afterwards.
 * Storage may be refused (embedded page, private window): then the system's preferences hold.
 */
const read = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};
const root = document.documentElement;
const theme = read('pl-theme') ?? root.dataset['defaultTheme'];
if (theme === 'light' || theme === 'dark') root.dataset['theme'] = theme;
const chosen = new URLSearchParams(location.search).get('lang') ?? read('pl-lang') ?? navigator.language;
root.lang = chosen.toLowerCase().startsWith('fr') ? 'fr' : 'en';
