"""What people say about themselves."""

from __future__ import annotations

from django.db import transaction

from registry.models import User
from registry.services import findable, search


@transaction.atomic
def change(user: User, *, fullname: str, about: str, website: str, language: str) -> User:
    user.fullname, user.about, user.website, user.language = fullname, about, website, language
    user.save(update_fields=["fullname", "about", "website", "language"])
    search.store([findable.person(user)])
    return user
