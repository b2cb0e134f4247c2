/** The chapters as a list: sessions, with the answered questions inside; searched without accents. */
import { html, nothing, type TemplateResult } from 'lit';
import { spaced } from '../../components/question.js';
import { empty } from '../../components/parts.js';
import type { Chapter } from '../../live/wire.js';
import { clockText } from '../../locales/index.js';
import { replay } from '../../locales/replay.js';

/** A session with the questions answered in it. */
export interface Part {
  session: Chapter | undefined;
  questions: Chapter[];
}

/** Chapters by session, in order of time. */
export function parts(chapters: readonly Chapter[]): Part[] {
  const out: Part[] = [];
  for (const chapter of [...chapters].sort((a, b) => a.offset_s - b.offset_s)) {
    if (chapter.kind === 'session') out.push({ session: chapter, questions: [] });
    else if (out.length === 0) out.push({ session: undefined, questions: [chapter] });
    else out.at(-1)?.questions.push(chapter);
  }
  return out;
}

/** The chapter playing at `seconds`: the last that began, a question only until it ends. */
export function current(chapters: readonly Chapter[], seconds: number): Chapter | undefined {
  let found: Chapter | undefined;
  for (const chapter of chapters) {
    // Half a second of grace: a seek lands on the frame before.
    if (chapter.offset_s > seconds + 0.5) continue;
    if (chapter.end_offset_s !== undefined && chapter.end_offset_s <= seconds && chapter.kind === 'question') continue;
    if (!found || chapter.offset_s >= found.offset_s) found = chapter;
  }
  return found;
}

/** The list. `seen` is the chapter playing. */
export function chapterList(chapters: readonly Chapter[], seen: Chapter | undefined, search: string, go: (chapter: Chapter) => void): TemplateResult {
  const t = replay();
  const long = chapters.some((one) => one.offset_s >= 3600);
  const wanted = plain(search).split(/\s+/).filter(Boolean);
  const hit = (chapter: Chapter | undefined): boolean =>
    chapter !== undefined && wanted.every((word) => plain(`${chapter.title} ${chapter.question ?? ''}`).includes(word));
  const shown = parts(chapters)
    .map((part) => ({ ...part, questions: hit(part.session) ? part.questions : part.questions.filter(hit) }))
    .filter((part) => wanted.length === 0 || hit(part.session) || part.questions.length > 0);
  if (chapters.length === 0) return empty('list', t.noChapters, t.noChaptersText);
  if (shown.length === 0) return empty('search', t.noneFound, t.noneFoundText(search));
  const line = (chapter: Chapter): TemplateResult =>
    html`<a
      class="go"
      href=${`#t=${Math.floor(chapter.offset_s)}`}
      aria-current=${chapter === seen ? 'true' : nothing}
      @click=${(event: Event) => {
        event.preventDefault();
        go(chapter);
      }}
    >
      ${chapter.kind === 'session' ? html`<b>${marked(spaced(chapter.title), wanted)}</b>` : html`<span>${marked(spaced(chapter.title), wanted)}</span>`}<span class="num"
        >${clockText(chapter.offset_s, long)}</span
      >${chapter.question === undefined ? nothing : html`<small>${t.answered(chapter.question)}</small>`}
    </a>`;
  return html`<nav class="chap" aria-label=${t.chapters}>
    ${shown.map(
      (part) => html`${part.session ? line(part.session) : nothing}
      ${part.questions.length > 0
        ? html`<ol role="list">
            ${part.questions.map((chapter) => html`<li>${line(chapter)}</li>`)}
          </ol>`
        : nothing}`,
    )}
  </nav>`;
}

/** Lower case, no accents: one searches as one types. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The first word found, marked. Folding keeps one letter for one letter except for ligatures, so lengths are checked. */
function marked(text: string, wanted: readonly string[]): TemplateResult | string {
  const folded = plain(text);
  const word = wanted.find((one) => folded.includes(one));
  if (!word || folded.length !== text.length) return text;
  const at = folded.indexOf(word);
  return html`${text.slice(0, at)}<mark>${text.slice(at, at + word.length)}</mark>${text.slice(at + word.length)}`;
}
