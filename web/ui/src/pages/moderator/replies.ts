/** Ready-made words, by language: the built-in ones and the moderator's own, kept in this browser. Draws nothing. */
import { local } from '../../live/store.js';
import type { Lang } from '../../locales/index.js';
import { BUILT_IN } from '../../locales/moderator.js';

export type ReplyKind = 'written' | 'decline';

/** Own texts of one kind and language; the oldest goes. */
const MOST = 30;

const name = (kind: ReplyKind, language: Lang): string => `pl-moderator-${kind}/${language}`;

export function builtIn(kind: ReplyKind, language: Lang): readonly string[] {
  return BUILT_IN[language][kind];
}

export function own(kind: ReplyKind, language: Lang): string[] {
  try {
    const kept: unknown = JSON.parse(local.get(name(kind, language)) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

export function keep(kind: ReplyKind, language: Lang, text: string): void {
  const others = own(kind, language).filter((one) => one !== text);
  local.set(name(kind, language), JSON.stringify([...others, text].slice(-MOST)));
}

export function forget(kind: ReplyKind, language: Lang, text: string): void {
  local.set(name(kind, language), JSON.stringify(own(kind, language).filter((one) => one !== text)));
}
