/** The fields that a question and a request to speak share. Templates only. */
import { html, nothing, type TemplateResult } from 'lit';
import { toggle } from '../../components/parts.js';
import { nameOf } from '../../components/question.js';
import { viewer } from '../../locales/viewer.js';
import type { Offered } from './offered.js';

interface Choice {
  id: string;
  label: string;
  all: readonly { id: string; name: string; name_en?: string }[];
  chosen: string;
  /** Words for no choice. */
  none: string;
  choose: (value: string) => void;
  write?: (name: string) => string;
}

/** A choice among what is offered; nothing when nothing is. */
export function select({ id, label, all, chosen, none, choose, write = (name) => name }: Choice): TemplateResult | typeof nothing {
  if (all.length === 0) return nothing;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select class="input" id=${id} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      <option value="" ?selected=${chosen === ''}>${none}</option>
      ${all.map((one) => html`<option value=${one.id} ?selected=${chosen === one.id}>${write(nameOf(one))}</option>`)}
    </select>
  </div>`;
}

/** The name by the rule of now; in *jeune public* one plain sentence in its place. `problem` is said at the field. */
export function nameField(
  id: string,
  { names, young }: Offered,
  { name, showName, problem }: { name: string; showName?: boolean; problem: string },
  set: { name: (value: string) => void; showName?: (on: boolean) => void },
): TemplateResult | typeof nothing {
  const t = viewer();
  if (young) return html`<p class="small muted" data-young>${t.young}</p>`;
  if (names === 'none') return nothing;
  return html`<div class="field">
      <label for=${id}>${names === 'required' ? t.nameRequired : t.name}</label>
      <input
        class="input"
        id=${id}
        maxlength="80"
        autocomplete="given-name"
        aria-invalid=${String(problem !== '')}
        aria-describedby=${`${id}-error`}
        ?required=${names === 'required'}
        .value=${name}
        @input=${(event: Event) => set.name((event.target as HTMLInputElement).value)}
      />
      <span class="status" data-kind="look" id=${`${id}-error`} role="alert">${problem}</span>
    </div>
    ${set.showName ? toggle(t.showName, showName === true, set.showName) : nothing}`;
}
