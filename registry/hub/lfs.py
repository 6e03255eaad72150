"""Git LFS: where to send and fetch large files. The bytes themselves go through transfers.py."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from registry.hub.routing import HubCall, hub_view
from registry.models import Blob, PathChange, Repository, User
from registry.services import blobs, signing
from registry.services.access import Need
from registry.services.errors import Invalid, NotFound

CONTENT_TYPE = "application/vnd.git-lfs+json"
_MOST_OBJECTS = 1000
_SHA256 = re.compile(r"[0-9a-f]{64}")


@hub_view("POST")
def batch(call: HubCall) -> HttpResponseBase:
    call.name = call.name.removesuffix(".git")
    data = call.data()
    wanted = _objects(data)
    if data.get("operation") == "download":
        repository = call.repository(Need.CONTENT)
        answers = _downloads(call, repository, wanted)
    elif data.get("operation") == "upload":
        # A pull request may be on its way: whether the commit is allowed is decided there.
        repository = call.repository(Need.PROPOSE)
        answers = _uploads(call, repository, wanted)
    else:
        raise Invalid("operation must be upload or download.", where="operation")
    response = call.json({"transfer": "basic", "objects": answers, "hash_algo": "sha256"})
    response["Content-Type"] = CONTENT_TYPE
    return response


def _objects(data: dict[str, Any]) -> list[tuple[str, int]]:
    found = data.get("objects")
    if not isinstance(found, list) or len(found) > _MOST_OBJECTS:
        raise Invalid(f"objects must be a list of at most {_MOST_OBJECTS}.", where="objects")
    if data.get("hash_algo", "sha256") != "sha256":
        raise Invalid("Only hash_algo sha256 is known here.", where="hash_algo")
    return [_object(item) for item in found]


def _object(item: Any) -> tuple[str, int]:
    oid, size = (item.get("oid"), item.get("size")) if isinstance(item, dict) else (None, None)
    if not isinstance(oid, str) or not _SHA256.fullmatch(oid.lower()):
        raise Invalid(f"{str(oid)[:80]!a} is not a SHA-256.", where="objects")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Invalid(f"The size of {oid} must be a whole number of bytes.", where="objects")
    return oid.lower(), size


def _uploads(
    call: HubCall, repository: Repository, wanted: list[tuple[str, int]]
) -> list[dict[str, Any]]:
    user = call.caller.signed_in("upload")
    have = blobs.usable((oid for oid, _ in wanted), user=user, namespace=repository.namespace)
    answers: list[dict[str, Any]] = []
    for oid, size in wanted:
        answer: dict[str, Any] = {"oid": oid, "size": size}
        if size > settings.MAX_FILE_BYTES:
            answer["error"] = {
                "code": 413,
                "message": f"Files may have at most {settings.MAX_FILE_BYTES} bytes.",
            }
        elif have.get(oid) != size:
            answer |= {"authenticated": True, "actions": _upload_actions(call, user, oid, size)}
        answers.append(answer)
    return answers


def _upload_actions(call: HubCall, user: User, oid: str, size: int) -> dict[str, Any]:
    prefix = call.url_of_git()
    verify = {"verify": {"href": f"{prefix}/info/lfs/verify"}}
    if size <= settings.LFS_MULTIPART_THRESHOLD_BYTES:
        href = signing.signed_put(oid, size=size, user=user, base=call.base_url)
        return {"upload": {"href": href, "expires_in": settings.SIGNED_URL_SECONDS}, **verify}
    return {"upload": _multipart(call, user, oid, size), **verify}


def _multipart(call: HubCall, user: User, oid: str, size: int) -> dict[str, Any]:
    """A URL for each part and one that completes; all belong to one upload id."""
    chunk = settings.LFS_PART_BYTES
    upload = secrets.token_hex(16)
    lengths = [min(chunk, size - start) for start in range(0, size, chunk)]

    def signed(method: str, path: str, length: int) -> str:
        return signing.signed_url(
            method, path, sha256=oid, size=length, user=user, base=call.base_url
        )

    header = {"chunk_size": str(chunk)}
    for number, length in enumerate(lengths, start=1):
        header[str(number)] = signed("PUT", f"{signing.PARTS}{upload}/{number}", length)
    return {"href": signed("POST", f"{signing.PARTS}{upload}", size), "header": header}


def _downloads(
    call: HubCall, repository: Repository, wanted: list[tuple[str, int]]
) -> list[dict[str, Any]]:
    """Only content that a revision of this repository names."""
    oids = [oid for oid, _ in wanted]
    here = set(
        PathChange.objects.filter(revision__repository=repository, sha256__in=oids)
        .values_list("sha256", flat=True)
        .distinct()
    )
    sizes = dict(Blob.objects.filter(pk__in=here).values_list("sha256", "size"))
    answers: list[dict[str, Any]] = []
    for oid, size in wanted:
        answer: dict[str, Any] = {"oid": oid, "size": sizes.get(oid, size)}
        if oid in sizes:
            href = signing.signed_get(
                oid, user=call.caller.user, filename=oid, size=sizes[oid], base=call.base_url
            )
            answer |= {"authenticated": True, "actions": {"download": {"href": href}}}
        else:
            answer["error"] = {"code": 404, "message": "This repository does not hold it."}
        answers.append(answer)
    return answers


@hub_view("POST")
def verify(call: HubCall) -> HttpResponseBase:
    """After an upload: is it there, with that size, and the caller's to use?"""
    call.name = call.name.removesuffix(".git")
    repository = call.repository(Need.PROPOSE)
    oid, size = _object(call.data())
    user = call.caller.signed_in("upload")
    have = blobs.usable([oid], user=user, namespace=repository.namespace)
    if have.get(oid) != size:
        raise NotFound(f"{oid} was not uploaded with {size} bytes.", next="Send it again.")
    return HttpResponse(status=200, content_type=CONTENT_TYPE)
