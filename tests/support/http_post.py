"""Posts a file over HTTP: what WinHttp does for the macros, where there is no Windows.

Arguments: address, token, the file with the body, the file for the status and the answer.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from pathlib import Path


def main(url: str, token: str, body: str, answer: str) -> None:
    """Write the status and, on the next line, the answer as it came."""
    head = {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, Path(body).read_bytes(), head)  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            status, data = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, data = error.code, error.read()
    Path(answer).write_bytes(f"{status}\n".encode() + data)


if __name__ == "__main__":
    main(*sys.argv[1:])
