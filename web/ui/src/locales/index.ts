/**
 * Words of the pages. Owns the language, plurals and formats; the words themselves are in `fr/` and `en/`, one file a page:
 * `const t = words(fr, en)` then `t().ask` or `t().left(3)`.
 */
import { local } from '../live/store.js';

export type Lang = 'fr' | 'en';

/** English must have every word of French, of the same shape. */
export type Like<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => unknown
    ? (...args: A) => ReturnType<T[K]>
    : T[K] extends string
      ? string
      : Like<T[K]>;
};

const CHANGED = 'pl-lang';

/** The language of the page now. */
export function lang(): Lang {
  return document.documentElement.lang === 'en' ? 'en' : 'fr';
}

/** Changes the language at once and keeps the choice. */
export function setLang(next: Lang): void {
  document.documentElement.lang = next;
  local.set('pl-lang', next);
  dispatchEvent(new Event(CHANGED));
}

/** Calls back when the language changes. Returns how to stop. */
export function onLang(listener: () => void): () => void {
  addEventListener(CHANGED, listener);
  return () => removeEventListener(CHANGED, listener);
}

/** One page's words in the language of the page. */
export function words<T>(fr: T, en: Like<T>): () => T {
  return () => (lang() === 'en' ? (en as unknown as T) : fr);
}

/** The organiser's own words in the language of the page, when they gave both. */
export function inLang(french: string, english: string | undefined): string {
  return lang() === 'en' && english ? english : french;
}

/** `one` or `other` by the rules of the language; in French 0 is singular. */
export function plural(n: number, one: string, other: string, language: Lang = lang()): string {
  return new Intl.PluralRules(language).select(n) === 'one' ? one : other;
}

const SPELLED: Record<Lang, readonly string[]> = {
  fr: ['zéro', 'une', 'deux', 'trois', 'quatre', 'cinq', 'six', 'sept', 'huit', 'neuf'],
  en: ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'],
};

/** Sept, as one writes in a sentence; digits from ten on. Feminine in French (rooms, sessions, answers). */
export function spelled(n: number): string {
  return SPELLED[lang()][n] ?? number(n);
}

/** 1 234 with the separator of the language. */
export function number(n: number): string {
  return new Intl.NumberFormat(locale()).format(n);
}

/** 10:42 in the event's zone (or the visitor's when none is given). */
export function time(ms: number, timeZone?: string, seconds = false): string {
  return formatter({ hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}), ...zone(timeZone) }).format(ms);
}

/** Mardi 13 octobre 2020. */
export function date(ms: number, timeZone?: string, weekday = true): string {
  const text = formatter({ day: 'numeric', month: 'long', year: 'numeric', ...(weekday ? { weekday: 'long' } : {}), ...zone(timeZone) }).format(ms);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** 1:11:13 or 4:07, for players. */
export function clockText(seconds: number, withHours = false): string {
  const whole = Math.max(0, Math.floor(seconds));
  const h = Math.floor(whole / 3600);
  const m = Math.floor(whole / 60) % 60;
  const s = String(whole % 60).padStart(2, '0');
  return h > 0 || withHours ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

/** 1 h 11 min 13 s, for screen readers and sentences; at most two parts. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const h = Math.floor(whole / 3600);
  const m = Math.floor(whole / 60) % 60;
  const s = whole % 60;
  const nb = '\u00a0';
  if (h > 0) return m > 0 ? `${h}${nb}h${nb}${String(m).padStart(2, '0')}` : `${h}${nb}h`;
  if (m > 0) return s > 0 && m < 10 ? `${m}${nb}min${nb}${String(s).padStart(2, '0')}` : `${m}${nb}min`;
  return `${s}${nb}s`;
}

/** 412 Mo, 1,2 Go. */
export function bytes(n: number): string {
  const units = lang() === 'fr' ? ['o', 'ko', 'Mo', 'Go', 'To'] : ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = n;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 2 && value < 100 ? 1 : 0;
  return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value)}\u00a0${units[unit] ?? ''}`;
}

/** "Reims, Metz et Troyes". */
export function list(items: readonly string[]): string {
  return new Intl.ListFormat(locale(), { type: 'conjunction' }).format(items);
}

/** Lower case, no accents: one searches as one types. */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim();
}

function locale(): string {
  return lang() === 'fr' ? 'fr-FR' : 'en-GB';
}

function zone(timeZone?: string): { timeZone?: string } {
  return timeZone ? { timeZone } : {};
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale() + JSON.stringify(options);
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale(), { hourCycle: 'h23', ...options });
    formatters.set(key, found);
  }
  return found;
}
