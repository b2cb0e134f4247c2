/** The viewer's page. */
import { html, type TemplateResult } from 'lit';
import { define } from '../../components/element.js';
import { EventPage } from '../../components/page.js';
import type { EventInfo } from '../../live/wire.js';

class Viewer extends EventPage {
  constructor() {
    super(undefined, ['public', 'mine', 'programme']);
  }
  protected override content(event: EventInfo): TemplateResult {
    return html`<main class="view" id="contenu"><h1>${event.title}</h1></main>`;
  }
}
define('pl-viewer', Viewer);
