/** Nothing at this address. */
import { html, type TemplateResult } from 'lit';
import { Element, define } from '../../components/element.js';
import { missingPanel } from '../../components/gone.js';
import '../../components/top.js';

class NotFound extends Element {
  protected override render(): TemplateResult {
    return html`<pl-top name="Plénière" home="/"></pl-top>${missingPanel()}`;
  }
}
define('pl-notfound', NotFound);
