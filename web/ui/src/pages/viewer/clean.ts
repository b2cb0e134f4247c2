/**
 * What the server makes of a text before it counts it (moderation/core, text.rs): what cannot be seen is taken out, what can be
 * seen is kept. Only for counting and for saying "empty" early; what was typed is sent as typed.
 */

/** Characters that draw nothing, or that change how others are drawn. */
const UNSEEN =
  /(?!\p{White_Space})[\p{Cc}\p{Noncharacter_Code_Point}\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uE000-\uF8FF\uFEFF\uFFA0\uFFF0-\uFFFB\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}\u{E0000}-\u{10FFFF}]/gu;
/** The most combining marks kept on one letter. */
const MAX_MARKS = 4;

/** The text as it will be kept. */
export function clean(raw: string): string {
  let out = '';
  let marks = 0;
  let pending = ''; // a space or a joiner that stays only if something visible follows
  for (const c of raw.replace(UNSEEN, '').normalize('NFC')) {
    if (/\p{White_Space}/u.test(c)) pending = out ? ' ' : '';
    else if (c === '\u200C' || c === '\u200D') pending ||= out ? c : '';
    else if (/\p{M}/u.test(c)) {
      if (out && pending !== ' ' && marks < MAX_MARKS) {
        out += c;
        marks += 1;
      }
    } else {
      out += pending + c;
      pending = '';
      marks = 0;
    }
  }
  return out.normalize('NFC');
}

/** Unicode scalar values. */
export function lengthOf(text: string): number {
  return [...text].length;
}

/** Nothing readable: not one letter or digit. */
export function isEmpty(cleaned: string): boolean {
  return !/[\p{Alphabetic}\p{N}]/u.test(cleaned);
}
