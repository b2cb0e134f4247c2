/**
 * Runs before the first paint: theme and language of this visitor; and says so when the page itself cannot run, because the browser
 * is too old for it or a part of it did not come. Owns no behaviour afterwards. Built for browsers much older than the pages.
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

const WORDS = {
  fr: {
    old: ['Ce navigateur est trop ancien', 'Mettez-le à jour, ou ouvrez cette adresse dans Firefox, Chrome, Edge ou Safari (versions de 2022 ou après).'],
    broken: ['La page ne s’est pas chargée', 'Une partie n’est pas arrivée\u00a0: la ligne est peut-être coupée.'],
    again: 'Recharger la page',
  },
  en: {
    old: ['This browser is too old', 'Update it, or open this address in Firefox, Chrome, Edge or Safari (2022 or later).'],
    broken: ['The page did not load', 'A part of it did not arrive: the line may be cut.'],
    again: 'Load the page again',
  },
};

/** What the newest of the things used needs; the build says the same (`target` in build.mjs). */
const able = 'noModule' in HTMLScriptElement.prototype && 'customElements' in window && 'findLast' in Array.prototype;

addEventListener('load', () => {
  // Named by the shell; what a page that runs puts beside it comes from itself.
  const page = Array.from(document.body.children).find((one) => one.localName.startsWith('pl-'));
  if (!page || (able && customElements.get(page.localName))) return;
  const words = WORDS[root.lang === 'fr' ? 'fr' : 'en'];
  const [title = '', text = ''] = able ? words.broken : words.old;
  const add = (parent: Element, name: string, className: string, content = ''): HTMLElement => {
    const child = document.createElement(name);
    child.className = className;
    child.textContent = content;
    return parent.appendChild(child);
  };
  const place = document.createElement('div');
  page.replaceWith(place);
  const main = add(place, 'main', 'plainpage');
  const empty = add(add(main, 'div', 'panel'), 'div', 'empty');
  add(empty, 'h1', '', title);
  add(empty, 'p', '', text);
  document.title = title;
  if (able) add(empty, 'button', 'btn btn--primary', words.again).onclick = () => location.reload();
});
