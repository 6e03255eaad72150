"""Names in filters, looked up by the indexes that ignore case before the rows are."""

from __future__ import annotations

from django.db.models.functions import Lower
from rest_framework.request import Request

from contributions.models import Track
from registry.models import Namespace, Repository, User

_NOBODY = 0


def user_id(name: str) -> int:
    rows = User.objects.annotate(lower=Lower("username")).filter(lower=name.lower())
    return rows.values_list("pk", flat=True).first() or _NOBODY


def track_id(name: str, request: Request) -> int:
    """Of a track that the caller may see: a filter tells of no other."""
    viewer = request.user if isinstance(request.user, User) else None
    rows = Track.objects.annotate(lower=Lower("name")).filter(lower=name.lower())
    pk, repository = rows.values_list("pk", "repository").first() or (_NOBODY, _NOBODY)
    return pk if Repository.objects.filter(pk=repository).keys_open_to(viewer) else _NOBODY


def repository_ids(full_name: str) -> list[int]:
    """A model and a dataset may share a name."""
    namespace, _, name = full_name.lower().partition("/")
    owner = Namespace.objects.annotate(lower=Lower("name")).filter(lower=namespace).first()
    rows = Repository.objects.annotate(lower=Lower("name")).filter(namespace=owner, lower=name)
    return list(rows.values_list("pk", flat=True)) if owner else []
