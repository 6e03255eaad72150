"""Submissions, runs, tracks and releases are seen by whoever sees their repository."""

from __future__ import annotations

import pytest

from contributions.models import Release, Run
from contributions.services import access, submissions
from registry.models import Maintainer, MemberRole, TokenScope
from registry.services import commits, tokens
from registry.services.access import ANONYMOUS, Caller, Need
from registry.services.commits import AddFile
from registry.services.errors import Forbidden, Invalid, NotFound, SignInNeeded


@pytest.fixture
def world(cast):
    """Something of every kind; its author is Ada, its owner Berta."""
    submission = cast.offer()
    run = Run.objects.get(submission=submission)
    release = Release.objects.create(
        track=cast.track, number=1, base_revision="0" * 40, created_by=cast.berta
    )
    Maintainer.objects.create(repository=cast.model, user=cast.writer, role=MemberRole.WRITE)
    cast.things = {
        "submission": lambda caller, **need: access.submission(caller, submission.pk, **need),
        "run": lambda caller, **need: access.run(caller, run.pk, **need),
        "discussion": lambda caller, **need: access.discussion(caller, cast.model, 1, **need),
        "track": lambda caller, **need: access.track(caller, "Digits", **need),
        "release": lambda caller, **need: access.release(caller, "digits", release.number, **need),
    }
    return cast


KINDS = ["submission", "run", "discussion", "track", "release"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_public_one_is_seen_by_all_and_changed_by_few(world, kind):
    get = world.things[kind]
    for caller in (ANONYMOUS, Caller(world.emil), Caller(world.ada), Caller(world.berta)):
        assert get(caller)
    with pytest.raises(SignInNeeded):
        get(ANONYMOUS, need=Need.WRITE)
    with pytest.raises(Forbidden):
        get(Caller(world.emil), need=Need.WRITE)
    assert get(Caller(world.writer), need=Need.WRITE)
    assert get(Caller(world.berta), need=Need.ADMIN)
    with pytest.raises(Forbidden):
        get(Caller(world.writer), need=Need.ADMIN)
    reading, _ = tokens.issue(world.berta, name="r", scope=TokenScope.READ)
    with pytest.raises(Forbidden, match="scope read cannot change it"):
        get(Caller(world.berta, reading), need=Need.WRITE)


@pytest.mark.parametrize("kind", ["submission", "run", "discussion"])
def test_its_author_may_act_on_it(world, kind):
    assert world.things[kind](Caller(world.ada), need=Need.WRITE)
    with pytest.raises(Forbidden):
        world.things[kind](Caller(world.ada), need=Need.ADMIN)


@pytest.mark.parametrize("kind", KINDS)
def test_a_private_one_does_not_exist_for_others(world, kind):
    world.model.private = True
    world.model.save(update_fields=["private"])
    get = world.things[kind]
    for caller in (ANONYMOUS, Caller(world.emil), Caller(world.ada)):
        for need in (Need.READ, Need.WRITE):
            with pytest.raises(NotFound):
                get(caller, need=need)
    assert get(Caller(world.writer))
    assert get(Caller(world.berta))


@pytest.mark.parametrize("kind", ["submission", "run"])
def test_absent_and_invisible_read_alike(world, kind):
    world.model.private = True
    world.model.save(update_fields=["private"])
    with pytest.raises(NotFound) as hidden:
        world.things[kind](Caller(world.emil))
    with pytest.raises(NotFound) as absent:
        getattr(access, kind)(Caller(world.emil), 987_654)
    words = [str(refusal.value).split(kind)[0] for refusal in (hidden, absent)]
    assert words[0] == words[1]
    assert hidden.value.code == absent.value.code == ""


@pytest.mark.parametrize("named", [b"", b"---\ntrack: hidden\n---\n"])
def test_a_public_dataset_does_not_tell_of_a_private_track(cast, named):
    track = cast.open_track("hidden")
    track.training_data.create(dataset=cast.dataset, revision=commits.resolve(cast.dataset).oid)
    type(cast.model).objects.filter(pk=cast.model.pk).update(private=True)
    files = [AddFile("data/b.csv", b"text,label\nx,1\n")]
    files += [AddFile("README.md", named)] if named else []
    offer = cast.offer(*files, by=cast.emil, repository=cast.dataset)
    assert offer.track is None
    with pytest.raises(Invalid):
        submissions.choose_track(offer, track=track, actor=cast.emil)
    type(cast.model).objects.filter(pk=cast.model.pk).update(private=False)
    assert submissions.choose_track(offer, track=track, actor=cast.emil).track == track
