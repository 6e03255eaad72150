from __future__ import annotations


class ServerError(Exception):
    """A server cannot be started or used; the text says why and what to do next."""


class AlreadyRunning(ServerError):
    """Another `up` holds this folder."""

    def __init__(self, var: str, url: str) -> None:
        super().__init__(f"already running with {var} at {url or 'an address it has not told yet'}")
        self.url = url
