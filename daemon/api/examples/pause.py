#!/usr/bin/env python3
"""Pauses the call on an extension while a card is paid with.

    with Pause("https://box:8444", token, "box.pem", extension="204"):
        take_the_payment()

Entering raises an error unless the box confirmed the pause: do not ask for the card then.
It needs the standard library alone.
"""

import json
import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid


class Refused(Exception):
    """The box did not do what it was asked for; str() says why."""


class Pause:
    def __init__(self, url, token, ca, extension):
        self.address = f"{url}/v1/calls/current/pause?" + urllib.parse.urlencode({"extension": extension})
        self.token = token
        self.context = ssl.create_default_context(cafile=ca)

    def __enter__(self):
        self.answer = self.ask("PUT", {"reason": "card payment", "max_seconds": 300})
        return self

    def __exit__(self, *_):
        self.ask("DELETE")

    def ask(self, method, body=None):
        request = urllib.request.Request(self.address, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        request.add_header("Idempotency-Key", str(uuid.uuid4()))
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        for tries_left in (2, 1, 0):
            # Repeated under its key, a request is done once.
            try:
                with urllib.request.urlopen(request, timeout=2, context=self.context) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as e:
                if e.code != 503 or not tries_left:
                    raise Refused(json.load(e)["detail"]) from e
            except OSError as e:
                if not tries_left:
                    raise Refused(f"the box cannot be reached: {e}") from e


if __name__ == "__main__":
    with Pause(os.environ["LINEVAULT_URL"], os.environ["LINEVAULT_TOKEN"], os.environ["LINEVAULT_CA"], sys.argv[1]) as p:
        print(p.answer["state"], "at", p.answer["at"])
        input("Paused. Press Enter when the card has been paid with.\n")
    print("resumed")
