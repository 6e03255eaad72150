"""A small community, and a worker that says what the test wants it to say."""

from __future__ import annotations

import functools

from django.db.models.functions import Now

from contributions.models import (
    Decision,
    Discussion,
    Key,
    Run,
    RunKind,
    RunStatus,
    Submission,
    Task,
    Track,
    TrackStatus,
)
from contributions.services import (
    benchmarks,
    claims,
    pull_requests,
    pushes,
    results,
    reviews,
    submissions,
    tracks,
)
from contributions.services.results import Delivered
from registry.models import Role
from registry.services import accounts, commits, repositories
from registry.services.access import Caller
from registry.services.commits import AddFile

CARD = b"---\nlicense: mit\n---\n# A model\n"
ROLES = {
    "lena": [Role.LICENCE_REVIEWER],
    "luis": [Role.LICENCE_REVIEWER],
    "paul": [Role.PRIVACY_REVIEWER],
    "olga": [Role.OPERATOR],
}


def token_of(name):
    return f"hf_{name}_token_00000000"


def adds(**files):
    """`adds(weights="x")` adds the file `weights`."""
    return [AddFile(path, str(content).encode()) for path, content in files.items()]


class Cast:
    """`cast.ada` is a person; they are made when they are first named."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        person = accounts.ensure_user(
            name=name,
            email=f"{name}@example.org",
            token=token_of(name),
            roles=ROLES.get(name, []),
        )
        setattr(self, name, person)
        return person

    # --- what exists ---------------------------------------------------------------------------

    @functools.cached_property
    def model(self):
        return self.repository("digits", "model", AddFile("README.md", CARD))

    @functools.cached_property
    def dataset(self):
        rows = "\n".join(f"text {n},{n % 2}" for n in range(60))
        return self.repository("pixels", "dataset", *adds(**{"data/a.csv": f"text,label\n{rows}"}))

    def repository(self, name, repo_type, *operations, owner=None, **more):
        owner = owner or self.berta
        made = repositories.create(
            actor=owner, namespace=owner.namespace, name=name, repo_type=repo_type, **more
        )
        if operations:
            self.push(made, *operations, by=owner)
        return made

    @functools.cached_property
    def track(self):
        return self.open_track("digits")

    def open_track(self, name, *, policy=None):
        track = self.prepare_track(name, policy=policy)
        head = commits.resolve(self.model)
        Track.objects.filter(pk=track.pk).update(status=TrackStatus.OPEN, base_revision=head.oid)
        track.refresh_from_db()
        submissions.track_changed(track)
        return track

    def prepare_track(self, name, *, policy=None):
        benchmark = benchmarks.create_benchmark(
            owner=self.berta, name="held out", dataset=self.dataset, task=Task.TEXT_CLASSIFICATION
        )
        return tracks.create_track(
            maintainer=self.berta,
            repository=self.model,
            name=name,
            title=name,
            task=Task.TEXT_CLASSIFICATION,
            benchmark=benchmark,
            policy=policy,
        )

    # --- what people do --------------------------------------------------------------------------

    def push(self, repository, *operations, by, to="main", parent=None, title="Change", message=""):
        """As the Hub protocol does it: with all its refusals."""
        target = pushes.destination(Caller(user=by), repository, to, create_pr=False)
        revision, _ = target.commit(
            title=title, message=message, operations=operations, parent=parent
        )
        return revision

    def propose(self, *operations, by=None, draft=False, repository=None, **more) -> Discussion:
        """A pull request with one commit."""
        by, repository = by or self.ada, repository or self.model
        opened = pull_requests.open_pull_request(
            repository=repository, author=by, title="A patch", draft=draft, **more
        )
        operations = operations or adds(**{"model.safetensors": "weights"})
        pull_requests.push(opened, actor=by, operations=operations, title="A patch")
        return opened

    def offer(self, *operations, **more) -> Submission:
        return self.propose(*operations, **more).submission

    def review(self, submission, key, decision=Decision.APPROVE, *, by=None, **more):
        """Of the head as it is now, unless it is said which one was looked at."""
        by = by or {"licence": self.lena, "privacy": self.paul}[key]
        more.setdefault("head", Submission.objects.get(pk=submission.pk).head_revision)
        return reviews.review(
            submission, reviewer=by, key=Key(key), decision=Decision(decision), **more
        )

    # --- what machines do -------------------------------------------------------------------------

    def claim(self) -> Run | None:
        """A worker takes the next run; nobody waits for the debounce here."""
        Run.objects.filter(status=RunStatus.QUEUED).update(eligible_at=Now())
        return claims.claim("general", worker="test")

    def check(self, submission, kind="weights", findings=(), adapters=()):
        """The check of the head ends with this; runs of others are finished on the way."""
        patch = {"kind": kind, "adapters": list(adapters)}
        verdict = "blocked" if findings else "passed"
        result = {"patch": patch, "findings": list(findings), "verdict": verdict, "licence": {}}
        return self.finish(submission, RunKind.CHECK, result)

    def benchmark(self, submission, gain=0.1):
        value = {"n": 10, "loss": 0.5, "metrics": {"accuracy": 0.9}, "report": {}}
        both = {"candidate": {"V": value, "T": value}, "reference": {"V": value, "T": value}}
        interval = {"difference": gain, "low": gain - 0.05, "high": gain + 0.05}
        result = {
            "scores": both,
            "comparisons": {"V": {"loss": interval}, "T": {"loss": interval}},
            "provenance": {"harness": "test", "precision": "fp32"},
        }
        return self.finish(submission, RunKind.BENCHMARK, result)

    def finish(self, submission, kind, result):
        run = self.claim()
        assert run is not None, "nothing is queued"
        assert (run.submission_id, run.kind) == (submission.pk, kind), run
        results.record(run.pk, run.attempt, Delivered(result))
        submission.refresh_from_db()
        return submission

    def fail(self, run, failure, reason):
        return results.fail(run.pk, run.attempt, failure, reason)

    def measured(self, submission):
        self.check(submission)
        return self.benchmark(submission)

    def settle_first_revisions(self):
        """Pass the checks of what is only scenery, and of all that waits before it."""
        for submission in Submission.objects.filter(discussion=None):
            while Run.objects.filter(submission=submission).active().exists():
                run = self.claim()
                assert run is not None
                patch = {"kind": "weights", "adapters": []}
                result = {"patch": patch, "findings": [], "verdict": "passed", "licence": {}}
                results.record(run.pk, run.attempt, Delivered(result))
