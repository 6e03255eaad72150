"""Where a repository comes from and what came of it: facts of cards, tracks and releases."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q

from contributions.models import Release, ReleasePatch, TrackDataset
from contributions.services.cards import Card
from registry.models import Repository, RepoType, User

RELEASES, PATCHES, RELATIVES = 8, 6, 30


@dataclass(frozen=True)
class Relative:
    """A repository as a card names it; `repository` None: it is not here, or not to be seen."""

    name: str
    repository: Repository | None

    @property
    def licence(self) -> str:
        return Card(self.repository.card).licence if self.repository else ""


@dataclass(frozen=True)
class Step:
    """A release with the contributions that it admitted, and how many more there are."""

    release: Release
    patches: list[ReleasePatch]
    more: int = 0


@dataclass(frozen=True)
class Lineage:
    bases: list[Relative] = field(default_factory=list)
    datasets: list[Relative] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    derived: list[Repository] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.bases or self.datasets or self.steps or self.derived)


def of(repository: Repository, *, viewer: User | None) -> Lineage:
    """Six queries. What the viewer may not see is a name in a card at most."""
    card = Card(repository.card)
    bases = card.texts("base_model")[:RELATIVES]
    named = card.datasets[:RELATIVES]
    here = _here(viewer, bases=bases, datasets=named)
    datasets = {name.lower(): here.get(("dataset", name.lower())) for name in named}
    spelt = {name.lower(): name for name in named}
    for pinned in _training_data(repository, viewer):
        datasets.setdefault(pinned.full_name.lower(), pinned)
        spelt.setdefault(pinned.full_name.lower(), pinned.full_name)
    return Lineage(
        bases=[Relative(name, here.get(("model", name.lower()))) for name in bases],
        datasets=[Relative(spelt[key], found) for key, found in datasets.items()],
        steps=_steps(repository, viewer),
        derived=_derived(repository, viewer),
    )


def _here(
    viewer: User | None, *, bases: tuple[str, ...], datasets: tuple[str, ...]
) -> dict[tuple[str, str], Repository]:
    wanted = Q(pk__in=[])
    for kind, names in ((RepoType.MODEL, bases), (RepoType.DATASET, datasets)):
        for full in names:
            namespace, _, name = full.partition("/")
            wanted |= Q(repo_type=kind, namespace__name__iexact=namespace, name__iexact=name)
    if not bases and not datasets:
        return {}
    seen = Repository.objects.open_to(viewer).filter(wanted).select_related("namespace")
    return {(found.repo_type, found.full_name.lower()): found for found in seen}


def _training_data(repository: Repository, viewer: User | None) -> list[Repository]:
    """What the tracks on this model train with."""
    pinned = TrackDataset.objects.filter(track__repository=repository).values("dataset")
    seen = Repository.objects.open_to(viewer).filter(pk__in=pinned)
    return list(seen.select_related("namespace").order_by("pk")[:RELATIVES])


def _steps(repository: Repository, viewer: User | None) -> list[Step]:
    """The newest releases in which this repository has a part, oldest first."""
    on_it = Q(track__repository=repository)
    with_it = Q(patches__admitted=True, patches__submission__repository=repository)
    trained_on = Q(track__training_data__dataset=repository)
    releases = list(
        Release.objects.open_to(viewer)
        .released()
        .filter(on_it | with_it | trained_on)
        .select_related("track__repository__namespace")
        .distinct()
        .order_by("-pk")[:RELEASES]
    )[::-1]
    patches = (
        ReleasePatch.objects.filter(release__in=releases, admitted=True)
        .filter(submission__repository__in=Repository.objects.open_to(viewer).values("pk"))
        .select_related("submission__contributor", "submission__repository__namespace")
        .order_by("-weight", "pk")
    )
    found: dict[int, list[ReleasePatch]] = {}
    for patch in patches[: 50 * RELEASES]:
        found.setdefault(patch.release_id, []).append(patch)
    return [
        Step(
            release,
            found.get(release.pk, [])[:PATCHES],
            max(len(found.get(release.pk, [])) - PATCHES, 0),
        )
        for release in releases
    ]


def _derived(repository: Repository, viewer: User | None) -> list[Repository]:
    """Repositories whose cards name this one; a card is kept as tags for such questions."""
    key = "base_model" if repository.repo_type == RepoType.MODEL else "dataset"
    seen = Repository.objects.open_to(viewer).filter(
        tags__contains=[f"{key}:{repository.full_name}"]
    )
    others = seen.exclude(pk=repository.pk).select_related("namespace")
    return list(others.order_by("-updated_at")[:RELATIVES])
