/** Fetches the list of questions as a file, with the key in a header (never in the address), and hands it to the browser to save. */
import { toast } from '../../components/toast.js';
import { eventUrl } from '../../live/event.js';
import { moderator } from '../../locales/moderator.js';

export const FORMATS = ['csv', 'xlsx', 'ods', 'json'] as const;
export type Format = (typeof FORMATS)[number];

export async function exportQuestions(event: string, key: string | undefined, format: Format): Promise<void> {
  const t = moderator();
  try {
    const answer = await fetch(eventUrl(event, `questions.${format}`), { credentials: 'omit', cache: 'no-store', headers: key ? { authorization: `Bearer ${key}` } : {} });
    if (!answer.ok) {
      const { detail } = (await answer.json().catch(() => ({}))) as { detail?: string };
      return toast(t.exportRefused(detail ?? String(answer.status)));
    }
    save(await answer.blob(), `questions-${event}.${format}`);
    toast(t.exported(format));
  } catch {
    toast(t.exportFailed);
  }
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
