/** The list of keys, in a dialog. Owns the dialog and the switch that silences the keys. */
import { html, type TemplateResult } from 'lit';
import { icon } from '../../components/icon.js';
import { kbd, toggle } from '../../components/parts.js';
import { common } from '../../locales/common.js';
import { moderator } from '../../locales/moderator.js';
import type { Desk } from './desk.js';

export const HELP_ID = 'm-help';

export function help(desk: Desk): TemplateResult {
  const t = moderator();
  return html`<dialog class="panel help" id=${HELP_ID} aria-labelledby="m-help-title">
    <div class="panel__head">
      <h2 id="m-help-title">${t.shortcuts}</h2>
      <form method="dialog"><button class="btn btn--quiet btn--icon" aria-label=${common().close}>${icon('x')}</button></form>
    </div>
    <div class="panel__body stack">
      ${toggle(t.shortcutsOn, desk.keysOn, (on) => desk.setKeys(on))}
      <p class="small muted">${t.shortcutsNote}</p>
      <dl class="helpkeys">${Object.entries(t.keys).map(([key, text]) => html`<div><dt>${key.split(' ').map(kbd)}<span class="vh">${key}</span></dt><dd>${text}</dd></div>`)}</dl>
    </div>
  </dialog>`;
}

export function openHelp(): void {
  const dialog = document.getElementById(HELP_ID) as HTMLDialogElement | null;
  if (dialog && !dialog.open) dialog.showModal();
}
