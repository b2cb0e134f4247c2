"""aiortc as it comes: `with_aiortc.py publish|play URL`. Says `connected`, `picture` and `sound` as they happen."""

import asyncio
import sys

from aiortc import (
    AudioStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.mediastreams import MediaStreamError
from exchange import delete, post, say, when_told_to_leave

ENOUGH = 25


async def watch(track):
    seen = 0
    try:
        while True:
            await track.recv()
            seen += 1
            if seen == ENOUGH:
                say("picture" if track.kind == "video" else "sound")
    except MediaStreamError:
        pass  # The end.


def prepare(peer, role):
    capabilities = (RTCRtpSender if role == "publish" else RTCRtpReceiver).getCapabilities("video")
    h264 = [codec for codec in capabilities.codecs if codec.mimeType in ("video/H264", "video/rtx")]
    if role == "publish":
        peer.addTransceiver(AudioStreamTrack(), direction="sendonly")
        video = peer.addTransceiver(VideoStreamTrack(), direction="sendonly")
    else:
        peer.addTransceiver("audio", direction="recvonly")
        video = peer.addTransceiver("video", direction="recvonly")
        peer.on("track", lambda track: asyncio.ensure_future(watch(track)))
    video.setCodecPreferences(h264)


async def run(role, url):
    leave = asyncio.Event()
    loop = asyncio.get_running_loop()
    when_told_to_leave(lambda: loop.call_soon_threadsafe(leave.set))
    # Its default asks a STUN server of somebody else.
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.on("connectionstatechange", lambda: say(peer.connectionState))
    prepare(peer, role)
    await peer.setLocalDescription(await peer.createOffer())
    answer, place = await asyncio.to_thread(post, url, peer.localDescription.sdp)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await leave.wait()
    await asyncio.to_thread(delete, place)
    await peer.close()


asyncio.run(run(sys.argv[1], sys.argv[2]))
