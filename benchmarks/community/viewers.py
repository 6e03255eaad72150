"""Browsers that watch one live part: python -m benchmarks.community.viewers HOST:PORT PATH N …"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections import Counter


def watch(
    address: str, path: str, every: float, end: float, offset: float, told: Counter[int]
) -> None:
    client = http.client.HTTPConnection(address, timeout=30)
    version = ""
    time.sleep(offset)
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            client.request("GET", path, headers={"If-None-Match": version} if version else {})
            answer = client.getresponse()
            answer.read()
        except (http.client.HTTPException, ConnectionError):
            client.close()  # the server ends idle connections; a browser opens another
            continue
        version = answer.headers.get("ETag", version)
        told[answer.status] += 1
        time.sleep(max(0.0, every - (time.monotonic() - began)))


def main() -> None:
    address, path, count, every, seconds = sys.argv[1:]
    end, told = time.monotonic() + float(seconds), Counter[int]()
    threads = [
        threading.Thread(
            target=watch,
            args=(address, path, float(every), end, n * float(every) / int(count), told),
        )
        for n in range(int(count))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
