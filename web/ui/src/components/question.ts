/** How a question is written on the pages: who asked, its state in words, and its card. */
import { html, nothing, type TemplateResult } from 'lit';
import type { EventInfo, Question } from '../live/wire.js';
import { common } from '../locales/common.js';
import { lang } from '../locales/index.js';

interface Named {
  id: string;
  name: string;
  name_en?: string;
}

/** The name in the language of the page. */
export function nameOf(one: Named): string {
  return (lang() === 'en' && one.name_en) || one.name;
}

/** The name of a theme, public or site of the event; the id when the event does not know it. */
export function named(all: readonly Named[] | undefined, id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  const found = all?.find((one) => one.id === id);
  return found ? nameOf(found) : id;
}

/** One person of a public: "professeur" of "Professeurs". Publics are written as groups in event files. */
export function onePerson(group: string): string {
  return group.replace(/^(?!(?:corps|pays|temps|sens|bras)\b)(\p{L}{3,})s\b/iu, '$1');
}

/** A person's text with French spacing, so that no line begins with `?`. */
export function spaced(text: string): string {
  return text.replace(/ ([?!;»])/g, '\u202f$1').replace(/ :/g, '\u00a0:').replace(/« /g, '«\u202f');
}

/** "48, Samira, parent, Mulhouse". */
export function who(event: EventInfo | undefined, q: Question, withNumber = true): string {
  const parts = [
    withNumber ? String(q.number) : undefined,
    q.name || common().nameless,
    q.public === undefined ? undefined : onePerson(named(event?.publics, q.public) ?? q.public).toLocaleLowerCase(),
    named(event?.sites, q.site),
  ];
  return parts.filter(Boolean).join(', ');
}

/** A question card; slots are templates. */
export function card(options: {
  text: string;
  head?: TemplateResult | typeof nothing;
  who?: string | typeof nothing;
  after?: TemplateResult | typeof nothing;
  dense?: boolean;
  strong?: boolean;
  air?: boolean;
  pending?: boolean;
  className?: string;
}): TemplateResult {
  const classes = `q${options.dense ? ' q--dense' : ''}${options.className ? ` ${options.className}` : ''}`;
  return html`<article class=${classes} data-state=${options.air ? 'air' : nothing} data-pending=${options.pending ? 'true' : nothing}>
    ${options.head ? html`<div class="q__head">${options.head}</div>` : nothing}
    <p class=${`q__text${options.strong ? ' strong' : ''}`}>${spaced(options.text)}</p>
    ${options.who && options.who !== nothing ? html`<p class="q__who">${options.who}</p>` : nothing} ${options.after ?? nothing}
  </article>`;
}
