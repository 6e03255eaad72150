"""How much a form may bring: files are for signed-in people, and for the pages that take them.

Django reads a form before the page is asked, to find its CSRF token: without a limit here, anybody
could fill the disk by sending a file to any address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from registry.web.pages import P, View, person

_MARK = "takes_files"


def takes_files(view: View[P]) -> View[P]:
    """Forms of this page may bring files of any size that the site keeps. Goes outermost."""
    setattr(view, _MARK, True)
    return view


class BoundedForms(FileUploadHandler):
    """Refuses before the first byte is read; keeps nothing itself."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Mapping[str, Any],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        request = self.request
        assert request is not None
        match = request.resolver_match
        welcome = match is not None and getattr(match.func, _MARK, False)
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if welcome and person(request) is not None:
            most = 2 * settings.MAX_FILE_BYTES
        if content_length > most:
            raise RequestDataTooBig(f"A form of {content_length} bytes; {most} are allowed here.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
