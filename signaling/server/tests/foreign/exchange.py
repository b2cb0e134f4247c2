"""The HTTP of WHIP and WHEP, with nothing but the standard library."""

import sys
import threading
import urllib.request

KEY = {"Authorization": "Bearer good"}


def post(url, offer):
    """Posts an offer; answers the answer and the address of the connection."""
    headers = {"Content-Type": "application/sdp", **KEY}
    request = urllib.request.Request(url, offer.encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 201 and response.headers["ETag"]
        return response.read().decode(), urllib.request.urljoin(url, response.headers["Location"])


def delete(place):
    request = urllib.request.Request(place, headers=KEY, method="DELETE")
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 200


def say(word):
    print(word, flush=True)


def when_told_to_leave(leave):
    """The test closes our standard input when it has seen enough."""

    def wait():
        sys.stdin.read()
        leave()

    threading.Thread(target=wait, daemon=True).start()
