from __future__ import annotations

import json
import urllib.error
import urllib.request


def _health(url):
    try:
        with urllib.request.urlopen(f"{url}/health/", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_it_says_ok_when_every_part_answers(live_db):
    status, told = _health(live_db.url)
    assert status == 200
    assert told == {"status": "ok", "database": "ok", "broker": "ok", "storage": "ok", "workers": 0}
