/** Owns which key means what in the moderation page. Performs nothing. */

export type KeyAct =
  | 'next' | 'previous' | 'column1' | 'column2' | 'column3' | 'approve' | 'decline' | 'merge' | 'edit' | 'theme' | 'stage' | 'air' | 'answer' | 'claim' | 'defer' | 'hold'
  | 'select' | 'undo' | 'search' | 'help' | 'back';

const ACTS: Record<string, KeyAct> = {
  j: 'next',
  k: 'previous',
  '1': 'column1',
  '2': 'column2',
  '3': 'column3',
  a: 'approve',
  r: 'decline',
  m: 'merge',
  e: 'edit',
  t: 'theme',
  s: 'stage',
  o: 'air',
  Enter: 'answer',
  c: 'claim',
  d: 'defer',
  h: 'hold',
  ' ': 'select',
  z: 'undo',
  '/': 'search',
  '?': 'help',
  Escape: 'back',
};

/** What a press means here, or nothing: keys typed into a field, or with a modifier, are the browser's. */
export function actOf(event: KeyboardEvent): KeyAct | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined;
  const target = event.target instanceof Element ? event.target : null;
  if (event.key === 'Escape') return 'back';
  // A ticked box takes no letters, so the keys go on working on it.
  if (target?.closest('input:not([type="checkbox"]), textarea, select, [contenteditable="true"]')) return undefined;
  // On a card the arrows move too.
  if (target?.closest('article') && !target.closest('button, input')) {
    if (event.key === 'ArrowDown') return 'next';
    if (event.key === 'ArrowUp') return 'previous';
  }
  // Enter and Space belong to the button, link or box that has the focus.
  if ((event.key === 'Enter' || event.key === ' ') && target?.closest('button, a, summary, input')) return undefined;
  return ACTS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
}

/** Keys that type nothing go on working when the shortcuts are switched off. */
export function isNamed(event: KeyboardEvent): boolean {
  return event.key === 'Escape' || event.key === 'Enter' || event.key.startsWith('Arrow');
}

/** The digit pressed, from 1 to 9, or 0. */
export function digitOf(event: KeyboardEvent): number {
  return /^[1-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey ? Number(event.key) : 0;
}
