"""Inputs are fetched once, believed only by digest, and given to a job that cannot change them."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.workers.conftest import Lab
from workers.inputs import Cache, InputError, InputFile, InputsStopped

WEIGHTS = b"weights" * 100_000


@dataclass
class Store:
    """A site that serves files, and remembers what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    broken: int = 0
    redirect: str = ""

    def add(self, name: str, data: bytes, **changes: object) -> InputFile:
        self.files[f"/{name}"] = data
        values = {
            "path": name,
            "url": f"{self.url}/{name}",
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        return InputFile(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            store.asked.append(self.path)
            if store.broken:
                store.broken -= 1
                self.send_error(503)
            elif store.redirect:
                self.send_response(302)
                self.send_header("Location", store.redirect)
                self.end_headers()
            elif self.path not in store.files:
                self.send_error(404)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(store.files[self.path])))
                self.end_headers()
                self.wfile.write(store.files[self.path])

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        store.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield store
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", most_bytes=10 * len(WEIGHTS))


def never() -> str | None:
    return None


def place(cache: Cache, file: InputFile, folder: Path, *, link: bool = False) -> bytes:
    folder.mkdir(exist_ok=True)
    cache.place(file, folder, link=link, stop=never)
    return (folder / file.path).read_bytes()


def test_a_file_is_downloaded_once_and_placed_twice(
    cache: Cache, store: Store, tmp_path: Path
) -> None:
    file = store.add("model/weights.bin", WEIGHTS)
    assert place(cache, file, tmp_path / "one") == WEIGHTS
    assert place(cache, file, tmp_path / "two") == WEIGHTS
    assert store.asked == ["/model/weights.bin"]


def test_a_copy_can_change_without_changing_the_kept_file(
    cache: Cache, store: Store, tmp_path: Path
) -> None:
    file = store.add("weights.bin", WEIGHTS)
    place(cache, file, tmp_path / "one")
    (tmp_path / "one" / "weights.bin").chmod(0o644)
    (tmp_path / "one" / "weights.bin").write_bytes(b"changed")
    assert place(cache, file, tmp_path / "two") == WEIGHTS


def test_a_link_takes_no_space(cache: Cache, store: Store, tmp_path: Path) -> None:
    file = store.add("weights.bin", WEIGHTS)
    place(cache, file, tmp_path / "one", link=True)
    assert (tmp_path / "one" / "weights.bin").samefile(cache.path_of(file.sha256))


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "0" * 64},
        {"size": len(WEIGHTS) - 1},
        {"size": len(WEIGHTS) + 1},
    ],
)
def test_it_refuses_content_that_was_not_announced(
    cache: Cache, store: Store, tmp_path: Path, changes: dict[str, object]
) -> None:
    file = store.add("weights.bin", WEIGHTS, **changes)
    with pytest.raises(InputError, match="not what was announced"):
        place(cache, file, tmp_path / "in")
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == []


def test_it_stops_downloading_what_is_larger_than_announced(
    cache: Cache, store: Store, tmp_path: Path
) -> None:
    file = store.add("flood", bytes(64 << 20), size=10)
    with pytest.raises(InputError, match="expected 10 bytes"):
        place(cache, file, tmp_path / "in")


def test_a_damaged_kept_file_is_downloaded_again(
    cache: Cache, store: Store, tmp_path: Path
) -> None:
    file = store.add("weights.bin", WEIGHTS)
    kept = cache.path_of(file.sha256)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"half")
    assert place(cache, file, tmp_path / "in") == WEIGHTS


def test_it_tries_again_when_the_site_is_away_for_a_moment(
    cache: Cache, store: Store, tmp_path: Path
) -> None:
    store.broken = 1
    assert place(cache, store.add("a", b"abc"), tmp_path / "in") == b"abc"
    assert len(store.asked) == 2


def test_it_says_what_the_site_answered(cache: Cache, store: Store, tmp_path: Path) -> None:
    file = store.add("a", b"abc")
    store.files.clear()
    with pytest.raises(InputError, match="the site answered 404"):
        place(cache, file, tmp_path / "in")
    assert len(store.asked) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/etc/passwd", None])
def test_an_address_is_never_a_file_of_this_machine(
    cache: Cache, store: Store, tmp_path: Path, url: str | None
) -> None:
    with pytest.raises(InputError, match="no HTTP address"):
        place(cache, store.add("a", b"abc", url=url), tmp_path / "in")


def test_a_redirect_to_a_file_is_not_followed(cache: Cache, store: Store, tmp_path: Path) -> None:
    store.redirect = "file:///etc/hostname"
    with pytest.raises(InputError, match="could not be downloaded"):
        place(cache, store.add("a", b"abc"), tmp_path / "in")


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "a\nb"])
def test_a_path_stays_below_the_folder_of_inputs(
    cache: Cache, store: Store, tmp_path: Path, path: str
) -> None:
    with pytest.raises(InputError, match="not a path below"):
        place(cache, store.add("a", b"abc", path=path), tmp_path / "in")


def test_a_local_file_is_copied_and_checked(cache: Cache, tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(b"abc")
    good = InputFile("a/b", None, 3, hashlib.sha256(b"abc").hexdigest(), original)
    assert place(cache, good, tmp_path / "in", link=True) == b"abc"
    assert not (tmp_path / "in" / "a" / "b").samefile(original)
    bad = InputFile("c", None, 3, "0" * 64, original)
    with pytest.raises(InputError, match="not what was announced"):
        place(cache, bad, tmp_path / "in")


def test_what_was_not_wanted_for_longest_goes_first(store: Store, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", most_bytes=2500)
    files = [store.add(str(number), bytes([number]) * 1000) for number in range(4)]
    for age, file in zip((4000, 3000, 2000), files, strict=False):
        place(cache, file, tmp_path / "in")
        os.utime(cache.path_of(file.sha256), (time.time() - age,) * 2)
    cache.fetch(files[0], never)  # wanted again, so it is the second that goes
    place(cache, files[3], tmp_path / "in")
    assert [cache.path_of(file.sha256).exists() for file in files] == [True, False, False, True]


def test_a_download_can_be_stopped(cache: Cache, store: Store, tmp_path: Path) -> None:
    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(300):
                    self.wfile.write(bytes(1 << 20))
                    time.sleep(0.01)
            except OSError:
                pass

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/slow"
        with pytest.raises(InputsStopped, match="lease lost"):
            cache.fetch(InputFile("slow", url, 1 << 40, "0" * 64), lambda: "lease lost")
        server.shutdown()
        thread.join()


def test_a_job_reads_its_inputs_and_cannot_change_them(lab: Lab, store: Store) -> None:
    file = store.add("model/weights.bin", WEIGHTS)
    saw = lab.saw(
        """
        path = "in/model/weights.bin"
        def reopen():
            with open(path, "rb") as file:
                return os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDWR) and "opened"
        finish(
            size=len(open(path, "rb").read()),
            write=attempt(lambda: open(path, "ab").close() or "opened"),
            reopen=attempt(reopen),
            remove=attempt(lambda: os.unlink(path)),
            mode=attempt(lambda: os.chmod(path, 0o777)),
            truncate=attempt(lambda: os.truncate(path, 0)),
            link=attempt(lambda: os.link(path, "out/link")),
            folder=attempt(lambda: os.rename("in/model", "in/other")),
        )
        """,
        inputs=[file],
    )
    assert saw["size"] == len(WEIGHTS)
    for name in ("write", "reopen", "remove", "truncate", "folder"):
        assert saw[name] in {"EROFS", "EACCES"}
    assert saw["mode"] in {"EROFS", "EPERM"}
    assert saw["link"] in {"EXDEV", "EPERM", "EROFS"}
    kept = Cache(lab.work / "cache", 0).path_of(file.sha256)
    assert kept.read_bytes() == WEIGHTS


def test_a_job_whose_input_is_missing_fails_as_a_platform_error(lab: Lab, store: Store) -> None:
    file = store.add("model/weights.bin", WEIGHTS)
    store.files.clear()
    outcome = lab.run("finish()", inputs=[file])
    assert outcome.failure is not None
    assert outcome.failure.class_ == "platform-error"
    assert outcome.failure.where == "model/weights.bin"
