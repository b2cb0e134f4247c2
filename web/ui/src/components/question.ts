/** How a question is written on the pages: who asked, its state in words, and its card. */
import { html, nothing, type TemplateResult } from 'lit';
import type { EventInfo, Question } from '../live/wire.js';
import { common } from '../locales/common.js';

/** The name of a theme, public or site of the event; the id when the event does not know it. */
export function named(all: readonly { id: string; name: string }[] | undefined, id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  return all?.find((one) => one.id === id)?.name ?? id;
}

/** "48, Samira, parent, Mulhouse". */
export function who(event: EventInfo | undefined, q: Question, withNumber = true): string {
  const parts = [
    withNumber ? String(q.number) : undefined,
    q.name || common().nameless,
    named(event?.publics, q.public)?.toLocaleLowerCase(),
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
    <p class=${`q__text${options.strong ? ' strong' : ''}`}>${options.text}</p>
    ${options.who && options.who !== nothing ? html`<p class="q__who">${options.who}</p>` : nothing} ${options.after ?? nothing}
  </article>`;
}
