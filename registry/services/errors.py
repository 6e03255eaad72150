"""The one tree of refusals. Pages, the API and the Hub protocol all answer from it.

ServiceError
 ├─ Invalid 400 ── Unprocessable 422 ── InvalidPath 422
 ├─ BadCredentials 401
 ├─ SignInNeeded 401
 ├─ Forbidden 403 ── DisabledRepo · GatedRepo (401 when anonymous)
 ├─ NotFound 404 ── RepoNotFound (401 when anonymous) · RevisionNotFound · EntryNotFound
 ├─ Conflict 409 ── StaleParent 412
 ├─ TooLarge 413
 └─ Unsupported 501
Moved is no error: the repository has another name now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from registry.models import Repository


class ServiceError(Exception):
    """What was wrong (`message`), where, and what to do next. `code` is the Hub's X-Error-Code."""

    status: int = 400
    code: ClassVar[str] = ""

    def __init__(self, message: str, *, where: str = "", next: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.next = next

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.next) if part)

    def told(self) -> str:
        """For a terminal: what was wrong, where, and what to do next, as sentences."""
        place = f" ({self.where})" if self.where else ""
        said = [self.message.rstrip(".") + place, self.next[:1].upper() + self.next[1:]]
        return " ".join(part if part.endswith((".", "?")) else f"{part}." for part in said if part)


class Invalid(ServiceError):
    status = 400


class Unprocessable(Invalid):
    status = 422


class InvalidPath(Unprocessable):
    pass


class BadCredentials(ServiceError):
    """The text is compared by clients: do not change it."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Invalid credentials in Authorization header")


class SignInNeeded(ServiceError):
    status = 401

    def __init__(self, what: str = "do this") -> None:
        super().__init__(
            f"You are not signed in, so you cannot {what}.",
            next="Sign in; programs do with `hf auth login` and a token from /settings/tokens.",
        )


class Forbidden(ServiceError):
    status = 403


class DisabledRepo(Forbidden):
    """The text is compared by clients: do not change it."""

    def __init__(self) -> None:
        super().__init__("Access to this resource is disabled.")


class GatedRepo(Forbidden):
    code = "GatedRepo"

    def __init__(self, repository: Repository, *, anonymous: bool) -> None:
        kind = repository.repo_type
        if anonymous:
            self.status = 401
            super().__init__(
                f"Access to {kind} {repository.full_name} is restricted.",
                next="You must have access to it and be signed in to read its files.",
            )
        else:
            super().__init__(
                f"Access to {kind} {repository.full_name} is restricted and you are not in the "
                "authorized list.",
                next="Ask its owner for access.",
            )


class NotFound(ServiceError):
    status = 404


class RepoNotFound(NotFound):
    """Absent, or not for the caller to know of; the two are not to be told apart."""

    code = "RepoNotFound"

    def __init__(self, *, anonymous: bool = False) -> None:
        if anonymous:
            self.status = 401
        super().__init__(
            "Repository not found.",
            next="Check the name; if it is private, sign in as somebody who may read it.",
        )


class RevisionNotFound(NotFound):
    code = "RevisionNotFound"

    def __init__(self, revision: str, *, where: str = "") -> None:
        super().__init__(f"Invalid rev id: {revision}", where=where)


class EntryNotFound(NotFound):
    """`commit` lets a client remember that the file is absent from that revision."""

    code = "EntryNotFound"

    def __init__(self, message: str, *, where: str = "", next: str = "", commit: str = "") -> None:
        super().__init__(message, where=where, next=next)
        self.commit = commit


class Conflict(ServiceError):
    """`url` names what is already there; the Hub's clients read it from the answer."""

    status = 409

    def __init__(self, message: str, *, where: str = "", next: str = "", url: str = "") -> None:
        super().__init__(message, where=where, next=next)
        self.url = url


class StaleParent(Conflict):
    """The text is compared by clients: do not change it."""

    status = 412

    def __init__(self, *, where: str = "") -> None:
        super().__init__(
            "The branch was updated since you opened this page. Please refresh and try again.",
            where=where,
        )


class TooLarge(ServiceError):
    status = 413


class Unsupported(ServiceError):
    status = 501


class Moved(Exception):
    """The repository was renamed; answer with a redirect to its new name."""

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository.full_name)
        self.repository = repository
