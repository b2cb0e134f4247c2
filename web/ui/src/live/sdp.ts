/** Owns the HTTP exchange of WHIP and WHEP (RFC 9725 section 4): one POST, one Location, one DELETE. Never touches media. */

/** Why an exchange or a connection failed. `final` ones are not tried again without a decision by the user. */
export interface PeerProblem {
  code: 'seat_taken' | 'wrong_key' | 'unknown_stream' | 'no_h264' | 'refused' | 'unavailable' | 'unreachable' | 'lost';
  /** The server's own words when it gave some, else empty. */
  detail: string;
  final: boolean;
}

/** A refusal that carries its `PeerProblem`. */
export class Refusal extends Error {
  constructor(readonly problem: PeerProblem) {
    super(problem.detail || problem.code);
  }
}

/** The server's answer and the address that ends the session. */
export interface Exchange {
  answer: string;
  resource: string;
  /** STUN and TURN servers of the house, none unless its administrator named some. */
  iceServers: RTCIceServer[];
}

/** Codes the server may send that a page has words for; others read as `refused`. */
const KNOWN = new Set<PeerProblem['code']>(['seat_taken', 'wrong_key', 'unknown_stream', 'no_h264', 'unavailable']);

const BY_STATUS: Record<number, PeerProblem['code']> = { 401: 'wrong_key', 403: 'wrong_key', 404: 'unknown_stream', 409: 'seat_taken' };

async function problemOf(response: Response): Promise<PeerProblem> {
  let detail = '';
  let named: string | undefined;
  try {
    const body = (await response.json()) as { code?: unknown; detail?: unknown };
    if (typeof body.detail === 'string') detail = body.detail;
    if (typeof body.code === 'string') named = body.code;
  } catch {
    // Not problem+json: the status says enough.
  }
  const passing = response.status >= 500 || response.status === 429;
  const fallback = passing ? 'unavailable' : (BY_STATUS[response.status] ?? 'refused');
  const code = KNOWN.has(named as PeerProblem['code']) ? (named as PeerProblem['code']) : fallback;
  return { code, detail, final: !passing };
}

/** Posts an offer. Throws `Refusal`; a network failure is `unreachable` and not final. */
export async function postOffer(url: string, key: string | null, offer: string, headers: Record<string, string>, signal: AbortSignal): Promise<Exchange> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      body: offer,
      headers: { 'Content-Type': 'application/sdp', ...bearer(key), ...headers },
      signal,
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Refusal({ code: 'unreachable', detail: '', final: false });
  }
  if (response.status !== 201) throw new Refusal(await problemOf(response));
  const location = response.headers.get('Location');
  return {
    answer: await response.text(),
    resource: new URL(location ?? '', new URL(url, document.baseURI)).href,
    iceServers: iceServersOf(response.headers.get('Link')),
  };
}

/** The servers named by `Link: <turn:…>; rel="ice-server"; username="…"; credential="…"` (RFC 9725 section 4.6). */
export function iceServersOf(link: string | null): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  for (const [, urls, parameters] of (link ?? '').matchAll(/<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))*)/g)) {
    const values = new Map<string, string>();
    for (const [, name, quoted, token] of (parameters ?? '').matchAll(/;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+))/g)) {
      values.set((name ?? '').toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token ?? '');
    }
    if (!urls || !/^(stun|turn)s?:/.test(urls) || values.get('rel') !== 'ice-server') continue;
    const [username, credential] = [values.get('username'), values.get('credential')];
    servers.push(username !== undefined && credential !== undefined ? { urls, username, credential } : { urls });
  }
  return servers;
}

/** Ends a session; best effort, also while the page is closing. */
export function deleteResource(resource: string, key: string | null): void {
  void fetch(resource, { method: 'DELETE', headers: bearer(key), keepalive: true }).catch(() => undefined);
}

function bearer(key: string | null): Record<string, string> {
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Longest wait for candidates: the server learns ours from the connectivity checks (it is ICE-lite), so a late one costs nothing. */
const GATHERING_LIMIT_MS = 1500;

/** Resolves when candidate gathering is complete, or after `GATHERING_LIMIT_MS`. */
export function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, GATHERING_LIMIT_MS);
    function done(): void {
      clearTimeout(timer);
      peer.removeEventListener('icegatheringstatechange', check);
      resolve();
    }
    function check(): void {
      if (peer.iceGatheringState === 'complete') done();
    }
    peer.addEventListener('icegatheringstatechange', check);
  });
}

/** The browser's H.264 formats with packetization mode 1, constrained baseline first, with the repair formats that ride along. */
export function h264Of(capabilities: RTCRtpCapabilities | null): RTCRtpCodec[] {
  const codecs = capabilities?.codecs ?? [];
  const h264 = codecs.filter((codec) => codec.mimeType.toLowerCase() === 'video/h264' && /packetization-mode=1/.test(codec.sdpFmtpLine ?? ''));
  if (h264.length === 0) return [];
  h264.sort((a, b) => rank(a) - rank(b));
  return [...h264, ...codecs.filter((codec) => codec.mimeType.toLowerCase() === 'video/rtx')];
}

function rank(codec: RTCRtpCodec): number {
  return /profile-level-id=42e0/i.test(codec.sdpFmtpLine ?? '') ? 0 : 1;
}
