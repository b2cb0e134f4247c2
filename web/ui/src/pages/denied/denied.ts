/** A link that does not open its page (served with 401 or 403). */
import { html, type TemplateResult } from 'lit';
import { Element, define } from '../../components/element.js';
import { refusedPanel } from '../../components/gone.js';
import '../../components/top.js';
import { eventId, eventPage } from '../../live/event.js';

class Denied extends Element {
  protected override render(): TemplateResult {
    const hadKey = location.hash.includes('key=');
    return html`<pl-top name="Plénière" home="/"></pl-top>${refusedPanel(eventPage(), eventId(), hadKey, undefined)}`;
  }
}
define('pl-denied', Denied);
