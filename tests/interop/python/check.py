"""What the programs in Python share: how a fact is told, how a refusal is read, and the emulator's clock."""

import datetime
import json
import sys
import time
import urllib.request

import requests
from google.api_core import exceptions


def ok(fact):
    print(f"ok {fact}", flush=True)


def expect(holds, what):
    """Ends the program unless `holds`."""
    if not holds:
        frame = sys._getframe(1)
        sys.exit(f"line {frame.f_lineno}: {what}")


def same(found, wanted, what):
    if found != wanted:
        frame = sys._getframe(1)
        sys.exit(f"line {frame.f_lineno}: {what}: {found!r}, and it should be {wanted!r}")


def refused(kind, call, said=""):
    """The exception of exactly this kind, with `said` in its message, which `call` must raise."""
    line = sys._getframe(1).f_lineno
    wanted = f"and it should be refused as {kind.__name__} with {said!r}"
    try:
        answer = call()
    except Exception as error:
        if _is(kind, error) and said in str(error):
            return error
        sys.exit(f"line {line}: {type(error).__name__}: {error}, {wanted}")
    sys.exit(f"line {line}: {answer!r}, {wanted}")


def _is(kind, error):
    """Over REST the client chooses the type by the HTTP status, which several codes share: the code is in the body."""
    response = getattr(error, "response", None)
    if not isinstance(response, requests.Response):
        return type(error) is kind
    by_status = type(exceptions.from_http_status(kind.code, ""))
    return type(error) is by_status and response.json()["error"]["status"] == kind.grpc_status_code.name


def _castagnoli():
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        yield byte


_TABLE = list(_castagnoli())


def crc32c(data):
    """The checksum that Cloud KMS goes by, written anew: the emulator must not be compared with its own."""
    sum = 0xFFFFFFFF
    for byte in data:
        sum = sum >> 8 ^ _TABLE[(sum ^ byte) & 0xFF]
    return sum ^ 0xFFFFFFFF


class Clock:
    """The emulator's time, which its own interface steers."""

    def __init__(self, endpoint):
        self._url = f"{endpoint}/emulator/v1/clock"

    def now(self):
        """In whole seconds."""
        shown = self._call(self._url)["now"]
        return datetime.datetime.fromisoformat(shown[:19] + "+00:00")

    def move(self, by):
        """What is due by then has happened when this returns."""
        self._call(f"{self._url}:move", {"by": f"{int(by.total_seconds())}s"})

    def set_rate(self, rate):
        """Emulated seconds a second."""
        self._call(f"{self._url}:setRate", {"rate": rate})

    @staticmethod
    def _call(url, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def wait_until(holds, what, patience=60):
    """Looks again until `holds`: for what comes by itself, and takes as long as it takes."""
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"line {sys._getframe(1).f_lineno}: still not, after {patience} s: {what}")
        time.sleep(0.02)
