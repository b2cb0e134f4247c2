/** Tabs after the WAI-ARIA pattern: arrows, Home, End; the panel follows the focus. */
import { html, nothing, type TemplateResult } from 'lit';
import { count } from './parts.js';

export interface Tab<T extends string = string> {
  id: T;
  text: string;
  count?: number | undefined;
}

/** The row of tabs; panels are `role="tabpanel" id="p-{id}" aria-labelledby="tab-{id}"`. */
export function tabs<T extends string>(label: string, all: readonly Tab<T>[], chosen: T, choose: (id: T) => void): TemplateResult {
  const key = (event: KeyboardEvent): void => {
    const here = all.findIndex((tab) => tab.id === chosen);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    if (!next) return;
    choose(next.id);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} @keydown=${key}>
    ${all.map(
      (tab) => html`<button
        role="tab"
        id=${`tab-${tab.id}`}
        aria-controls=${`p-${tab.id}`}
        aria-selected=${String(tab.id === chosen)}
        tabindex=${tab.id === chosen ? 0 : -1}
        type="button"
        @click=${() => choose(tab.id)}
      >
        ${tab.text} ${tab.count === undefined ? nothing : count(tab.count)}
      </button>`,
    )}
  </div>`;
}
