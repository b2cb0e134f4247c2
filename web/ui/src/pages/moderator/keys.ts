/** Owns which key means what in the moderation page. Performs nothing. */

export type KeyAct =
  | 'next' | 'previous' | 'column1' | 'column2' | 'column3' | 'approve' | 'decline' | 'edit' | 'theme' | 'stage' | 'air' | 'answer' | 'undo' | 'search' | 'help' | 'back';

const ACTS: Record<string, KeyAct> = {
  j: 'next',
  k: 'previous',
  '1': 'column1',
  '2': 'column2',
  '3': 'column3',
  a: 'approve',
  r: 'decline',
  e: 'edit',
  t: 'theme',
  s: 'stage',
  o: 'air',
  Enter: 'answer',
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
  if (target?.closest('input, textarea, select, [contenteditable="true"]')) return undefined;
  // Enter belongs to the button or link that has the focus.
  if (event.key === 'Enter' && target?.closest('button, a, summary')) return undefined;
  return ACTS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
}

/** The digit pressed, from 1 to 9, or 0. */
export function digitOf(event: KeyboardEvent): number {
  return /^[1-9]$/.test(event.key) ? Number(event.key) : 0;
}
