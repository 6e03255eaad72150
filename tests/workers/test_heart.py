"""The heartbeat goes on beside the job, tells what is new, and hears when to stop."""

from __future__ import annotations

import threading
import time

from workers.heart import CURVE_POINTS, LOG_CHARACTERS, Heart
from workers.runner import Progress


class Site:
    """Answers beats, and remembers them."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.beats = []
        self.closed_in = None

    def beat(self, progress, curve, log):
        self.beats.append((progress, curve, log))
        answer = self.answers.pop(0) if self.answers else "go on"
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.closed_in = threading.current_thread().name

    def heart(self):
        return Heart(self.beat, seconds=0.01, close=self.close)

    def wait_for_beats(self, count):
        deadline = time.monotonic() + 10
        while len(self.beats) < count:
            assert time.monotonic() < deadline
            time.sleep(0.005)


def line(step, **metrics):
    return {"step": step, "of": 9, "stage": "train", "metrics": metrics}


def test_a_beat_carries_progress_curve_and_log():
    site = Site()
    with site.heart() as heart:
        heart.take(Progress([line(1, loss=2.0), line(2, loss=1.5)], "two steps\n", 3.14159, 5000))
        site.wait_for_beats(len(site.beats) + 2)
    progress, curve, log = site.beats[-1]
    assert (progress["step"], progress["seconds"], progress["memory_bytes"]) == (2, 3.1, 5000)
    assert [point["loss"] for point in curve] == [2.0, 1.5]
    assert log == "two steps\n"


def test_it_hears_when_to_stop():
    site = Site("go on", "stop: cancelled by ada", "stop: the lease was lost")
    with site.heart() as heart:
        site.wait_for_beats(3)
    assert heart.should_stop() == "cancelled by ada"


def test_it_outlives_a_site_that_is_away_for_a_moment():
    site = Site(OSError("no route"), "go on")
    with site.heart() as heart:
        site.wait_for_beats(3)
        assert heart.should_stop() is None


def test_what_belongs_to_its_thread_is_closed_there():
    site = Site()
    with site.heart():
        pass
    assert site.closed_in == "heart"


def test_a_long_run_fits_into_its_beat():
    heart = Site().heart()
    for step in range(5000):
        heart.take(Progress([line(step, loss=1.0)], "x" * 100, 1.0, 1))
    assert len(heart.log) == LOG_CHARACTERS
    assert len(heart._curve) <= 2 * CURVE_POINTS
