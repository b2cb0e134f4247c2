// WHIP and WHEP without a server: each offer of a page is answered inside the same page by a peer of its own, so that a
// test sees real media flow. `seen` holds every request; `seat.taken` refuses a seat until it is taken over.
const PROBLEM = { 'content-type': 'application/problem+json' };

/** Answers the page's offers. Call before the page opens a connection (before `goto`, or on an `about:blank` page). */
export async function mediaLoop(context, { taken = false } = {}) {
  const loop = { seen: [], seat: { taken }, refuse: undefined };
  await context.route(/\/e\/[^/]+\/(whip|whep)\//, async (route) => {
    const request = route.request();
    const [, kind, stream] = /\/(whip|whep)\/([^/?]+)/.exec(request.url());
    const takeover = request.headers()['pleniere-takeover'] === 'true';
    loop.seen.push({ method: request.method(), kind, stream, takeover, authorization: request.headers().authorization, offer: request.postData() ?? '' });
    if (request.method() !== 'POST') return route.fulfill({ status: 200 });
    if (loop.refuse) return route.fulfill({ status: loop.refuse.status, headers: PROBLEM, body: JSON.stringify(loop.refuse) });
    if (kind === 'whip' && loop.seat.taken && !takeover) {
      return route.fulfill({ status: 409, headers: PROBLEM, body: JSON.stringify({ code: 'seat_taken', status: 409, detail: 'another publisher is alive' }) });
    }
    if (kind === 'whip') loop.seat.taken = false;
    const answer = await request.frame().evaluate(answerIn, { kind, stream, offer: request.postData() });
    return route.fulfill({ status: 201, headers: { 'content-type': 'application/sdp', location: `${new URL(request.url()).pathname}/1`, etag: '"1"' }, body: answer });
  });
  return loop;
}

/** Runs in the page: the other end of the connection. */
async function answerIn({ kind, stream, offer }) {
  const peer = new RTCPeerConnection();
  (globalThis.__loop ??= {})[`${kind}/${stream}`] = peer;
  await peer.setRemoteDescription({ type: 'offer', sdp: offer });
  if (kind === 'whep') {
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 180;
    const context = canvas.getContext('2d');
    const hue = [...stream].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 360;
    setInterval(() => {
      context.fillStyle = `hsl(${hue} 30% 28%)`;
      context.fillRect(0, 0, 320, 180);
      context.fillStyle = '#fff';
      context.font = '24px sans-serif';
      context.fillText(stream, 16, 100);
      context.fillRect(16, 120, (performance.now() / 20) % 288, 8);
    }, 100);
    const [video] = canvas.captureStream(10).getTracks();
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const sink = audio.createMediaStreamDestination();
    tone.connect(sink);
    tone.start();
    for (const transceiver of peer.getTransceivers()) {
      transceiver.direction = 'sendonly';
      await transceiver.sender.replaceTrack(transceiver.receiver.track.kind === 'video' ? video : sink.stream.getTracks()[0]);
    }
  }
  await peer.setLocalDescription();
  await new Promise((done) => {
    if (peer.iceGatheringState === 'complete') return done();
    peer.addEventListener('icegatheringstatechange', () => peer.iceGatheringState === 'complete' && done());
  });
  return peer.localDescription.sdp;
}
