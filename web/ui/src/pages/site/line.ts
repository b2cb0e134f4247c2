/** Owns the verdict on a room's line, from what the last seconds measured. Shows nothing. */
import type { PeerStats, PeerStatus } from '../../live/peer.js';

/** Seconds the first test lasts. */
export const TEST_SECONDS = 12;
/** Loss the picture repairs without anybody seeing it. */
const LOSS_GOOD_PERCENT = 2;
const LOSS_FAIR_PERCENT = 8;
/** Past this a conversation between rooms gets awkward. */
const RTT_GOOD_MS = 250;

export type Verdict = 'good' | 'fair' | 'poor' | 'unknown';

export function verdict(status: PeerStatus, stats: PeerStats | undefined): Verdict {
  if (status.state !== 'live' || !stats) return 'unknown';
  const loss = stats.lossPercent ?? 0;
  if (loss > LOSS_FAIR_PERCENT || stats.kbps < 50) return 'poor';
  if (loss > LOSS_GOOD_PERCENT || (stats.rttMs ?? 0) > RTT_GOOD_MS) return 'fair';
  return 'good';
}
