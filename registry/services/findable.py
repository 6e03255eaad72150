"""What of repositories, people and organisations the search of the site goes by."""

from __future__ import annotations

from collections.abc import Iterator

from registry.models import Organisation, Repository, User
from registry.services.search import Entry

# Of a card; the rest is for those who open it.
README_CHARACTERS = 6000
_OF_CARD = ("title", "pretty_name", "description", "model_name", "base_model", "datasets")


def repository(of: Repository, *, readme: str = "") -> Entry:
    """`readme`: the text of its card, without the front matter."""
    said = [_text(of.card.get(key)) for key in _OF_CARD]
    shown = [_text(of.card.get(key)) for key in ("pipeline_tag", "task_categories", "license")]
    tags = [tag.partition(":")[2] or tag for tag in of.tags if isinstance(tag, str)]
    return Entry(
        kind=of.repo_type,
        key=str(of.pk),
        title=of.full_name,
        url=of.get_absolute_url(),
        words=" ".join([*said, *tags, readme[:README_CHARACTERS]]),
        summary=" · ".join(part for part in (*shown, said[2]) if part),
        repository=of,
    )


def _text(value: object) -> str:
    values = value if isinstance(value, list) else [value]
    return ", ".join(str(item) for item in values if isinstance(item, str | int | float))


def person(of: User) -> Entry:
    return Entry(
        kind="person",
        key=str(of.pk),
        title=of.username,
        url=f"/{of.username}",
        words=f"{of.fullname} {of.about}",
        summary=" · ".join(part for part in (of.fullname, of.about) if part),
    )


def organisation(of: Organisation) -> Entry:
    name = of.namespace.name
    return Entry(
        kind="organisation",
        key=str(of.pk),
        title=name,
        url=f"/{name}",
        words=of.fullname,
        summary=of.fullname,
    )


def people_and_organisations() -> Iterator[Entry]:
    for user in User.objects.filter(is_active=True, anonymised_at=None).iterator():
        yield person(user)
    for found in Organisation.objects.select_related("namespace").iterator():
        yield organisation(found)
