"""The same things twice in one organisation: in public repositories and in private ones.

Nobody who calls made any of it but the contributor, who may read both of the private repositories
and has no place in the organisation. `absent` names what does not exist.
"""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

from django.utils import timezone

from contributions.models import (
    Benchmark,
    Decision,
    DraftFile,
    Key,
    OfferDraft,
    PatchKind,
    Publication,
    PublicationStatus,
    Release,
    ReleaseStatus,
    Review,
    RunKind,
    RunStatus,
    SubmissionStatus,
    Task,
    Track,
    TrackDataset,
    TrackStatus,
)
from contributions.services import discussions, review_queue
from registry.models import Maintainer, MemberRole, Membership, Role
from registry.services import (
    accounts,
    commits,
    refs,
    repositories,
    tokens,
)
from registry.services.commits import AddFile
from tests.permissions import belongings
from tests.web import scene as web

SCOPES = ("read", "write", "review", "maintain")
MAIN = "refs/heads/main"
SHA = "0" * 64


def make() -> SimpleNamespace:
    people = _people()
    circle = accounts.create_organisation(name="circle", actor=people.founder)
    for who, role in (("teammate", MemberRole.WRITE), ("maintainer", MemberRole.MAINTAINER)):
        Membership.objects.create(organisation=circle, user=people[who], role=role)
    worlds = {
        private: _things(people, circle.namespace, "closed" if private else "open", private)
        for private in (False, True)
    }
    site = belongings.make(people, circle)
    secrets = {
        f"{whose} {scope}": tokens.issue(user, name=scope, scope=scope)[1]
        for whose, user in (("token", people.contributor), ("mighty", people.mighty))
        for scope in SCOPES
    }
    absent = {kind: _absent(things) for kind, things in worlds[False].items()}
    return SimpleNamespace(
        people=people,
        secrets=secrets,
        open=_all(worlds[False], site),
        closed=_all(worlds[True], site),
        absent=_all(absent, site),
    )


class People(SimpleNamespace):
    def __getitem__(self, name):
        return getattr(self, name)


def _people() -> People:
    roles = {
        "licence": [Role.LICENCE_REVIEWER],
        "privacy": [Role.PRIVACY_REVIEWER],
        "technical": [Role.TECHNICAL_REVIEWER],
        "operator": [Role.OPERATOR],
        "mighty": list(Role),
    }
    plain = ("founder", "other", "stranger", "contributor", "teammate", "maintainer")
    return People(
        **{
            name: accounts.ensure_user(
                name=f"{name}-person",
                email=f"{name}@example.org",
                roles=roles.get(name, []),
                password=web.PASSWORD,
            )
            for name in (*plain, *roles)
        }
    )


def _all(things, site):
    """What an address may name, by the kind of the repository."""
    return {kind: {**site, **values} for kind, values in things.items()}


def _absent(things):
    numbers = {name: 99_999_999 for name, value in things.items() if isinstance(value, int)}
    names = {"name": "nothing", "track": "no-track", "event": "f" * 24, "oid": "f" * 40}
    return {**things, **numbers, **names, "release": 99}


# --- what hangs on a repository -----------------------------------------------------------------


def _things(people, namespace, name, private):
    data = _repository(people, namespace, name, "dataset", private)
    model = _repository(people, namespace, name, "model", private)
    track = _track(people, model.repository, data.repository, name)
    return {
        "model": {**_talk(people, model), **_work(people, model.repository, track, name)},
        "dataset": _talk(people, data),
    }


def _repository(people, namespace, name, kind, private):
    repository = repositories.create(
        actor=people.founder, namespace=namespace, name=name, repo_type=kind, private=private
    )
    if private:
        Maintainer.objects.create(
            repository=repository, user=people.contributor, role=MemberRole.READ
        )
    head = commits.commit(
        repository,
        ref=MAIN,
        author=people.founder,
        title="Begin",
        operations=[
            AddFile("README.md", web.CARD.encode()),
            AddFile("config.json", b'{"model_type": "vit"}'),
            AddFile("docs/how.md", b"# How\n"),
        ],
    )
    refs.create_branch(repository, "old", actor=people.founder)
    refs.create_tag(repository, "v1", actor=people.founder, revision="main")
    return SimpleNamespace(repository=repository, head=head)


def _talk(people, made):
    offered = web.offer(made.repository, people.contributor, "A line", {"notes.md": b"a\n"})
    said = discussions.comment(offered.discussion, author=people.contributor, text="Look.")
    return {
        "namespace": made.repository.namespace.name,
        "name": made.repository.name,
        "repository": made.repository.pk,
        "oid": made.head.oid,
        "num": offered.discussion.num,
        "comment": said.pk,
        "event": f"{said.pk:024x}",
    }


def _track(people, model, data, name):
    benchmark = Benchmark.objects.create(
        name=f"{name}-benchmark",
        task=Task.IMAGE_CLASSIFICATION,
        dataset=data,
        revision=refs.resolve(data).oid,
        path="data",
        metric="accuracy",
        split_m=[0],
        split_v=[1],
        split_t=[2],
        digest=("c" if data.private else "d") * 64,
    )
    track = Track.objects.create(
        repository=model,
        name=f"{name}-track",
        title=name,
        task=Task.IMAGE_CLASSIFICATION,
        status=TrackStatus.OPEN,
        base_revision=refs.resolve(model).oid,
        benchmark=benchmark,
        metric="accuracy",
        created_by=people.founder,
    )
    TrackDataset.objects.create(track=track, dataset=data, revision=refs.resolve(data).oid)
    return track


def _work(people, model, track, name):
    """A submission that waits for its keys, one that a reviewer asks about, a draft of an offer."""
    waiting = _submission(people, model, track, "Waits", SubmissionStatus.IN_REVIEW)
    asked = _submission(people, model, track, "Asked", SubmissionStatus.NEEDS_INFO)
    run = web.run(waiting, RunKind.BENCHMARK, RunStatus.RUNNING, log="one line\n")
    review_queue.sync(waiting, missing_keys=[key.value for key in Key])
    question = Review.objects.create(
        submission=asked,
        key=Key.PRIVACY,
        decision=Decision.INFO,
        reviewer=people.privacy,
        revision=asked.head_revision,
        reason_code="consent-unclear",
        text="Whose rows are these?",
        answer_due_at=timezone.now() + dt.timedelta(days=7),
    )
    published = _release(people, track, number=1, status=ReleaseStatus.RELEASED)
    merging = _release(people, track, number=2, status=ReleaseStatus.MERGING)
    publication = Publication.objects.create(
        release=published,
        endpoint="http://127.0.0.1:9",
        repo_id=f"circle/{name}",
        status=PublicationStatus.FAILED,
        requested_by=people.founder,
    )
    return {
        "track": track.name,
        "track_pk": track.pk,
        "benchmark": track.benchmark_id,
        "submission": waiting.pk,
        "head": waiting.head_revision,
        "asked": asked.pk,
        "run": run.pk,
        "item": waiting.review_items.get(key=Key.LICENCE).pk,
        "review": question.pk,
        "release": published.number,
        "merging": merging.number,
        "publication": publication.pk,
        **_draft(people, model),
    }


def _submission(people, model, track, title, status):
    offered = web.offer(model, people.contributor, title, {f"{title}.safetensors": title.encode()})
    checked = offered.runs.get(kind=RunKind.CHECK)
    checked.status, checked.result = RunStatus.SUCCEEDED, {"verdict": "passed"}
    checked.save()
    return web.put(offered, status, kind=PatchKind.WEIGHTS, track=track)


def _release(people, track, *, number, status):
    return Release.objects.create(
        track=track,
        number=number,
        status=status,
        base_revision=track.base_revision,
        revision=track.base_revision,
        created_by=people.founder,
        released_at=timezone.now() if status == ReleaseStatus.RELEASED else None,
    )


def _draft(people, model):
    draft = OfferDraft.objects.create(
        author=people.contributor,
        repository=model,
        title="Half an idea",
        answers={"kind": PatchKind.WEIGHTS.value, "folder": "", "base": refs.resolve(model).oid},
    )
    file = DraftFile.objects.create(draft=draft, path="model.safetensors", size=5, sha256=SHA)
    return {"draft": draft.pk, "file": file.pk}
