/** Why camera or microphone did not come, from the browser's own names. Pure. */
export type Failure = 'refused' | 'missing' | 'busy' | 'insecure' | 'other';

const NAMES: Record<string, Failure> = {
  NotAllowedError: 'refused',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
  SecurityError: 'insecure',
};

export function failureOf(error: unknown): Failure {
  return NAMES[(error as { name?: string } | null)?.name ?? ''] ?? 'other';
}
