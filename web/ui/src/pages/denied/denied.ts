/** A link that does not open its page (served with 401 or 403). */
import { html, type TemplateResult } from 'lit';
import { Element, define } from '../../components/element.js';
import { refusedPanel } from '../../components/gone.js';
import '../../components/top.js';
import { eventId, eventPage } from '../../live/event.js';

class Denied extends Element {
  protected override render(): TemplateResult {
    const key = new URLSearchParams(location.hash.slice(1)).get('key') ?? undefined;
    return html`<pl-top name="Plénière" home="/"></pl-top>${refusedPanel(eventPage(), eventId(), key, undefined)}`;
  }
}
define('pl-denied', Denied);
