"""A site in the middle of its life: one track, a release, work in every state.

Repositories, commits and pull requests are made by the services; what workers measure is written
as rows, because no test of a page should wait for a machine.
"""

from __future__ import annotations

import datetime as dt
import math
from types import SimpleNamespace

from django.utils import timezone

from contributions.models import (
    Attempt,
    Benchmark,
    Comparison,
    Credit,
    Decision,
    Finding,
    Key,
    PatchKind,
    Publication,
    PublicationStatus,
    PublicationStep,
    Release,
    ReleasePatch,
    ReleaseStatus,
    Review,
    Run,
    RunKind,
    RunStatus,
    Score,
    Severity,
    StepStatus,
    Submission,
    SubmissionStatus,
    Task,
    Track,
    TrackDataset,
    TrackStatus,
)
from contributions.services import discussions, leaderboards, pull_requests
from registry.models import Role
from registry.services import accounts, commits, refs, repositories, tokens
from registry.services.commits import AddFile

PASSWORD = "correct horse battery"
CARD = """---
license: apache-2.0
pipeline_tag: image-classification
datasets:
- ada/digits-data
language: en
---
# Digits, small vision model

Reads handwritten digits of 8 × 8 pixels. Trained from scratch on the **digits** data.

| split | examples |
| --- | --- |
| train | 1 000 |
| test | 797 |

1. Load it with `from_pretrained`.
2. See [the paper](https://example.org/paper).

```python
model = AutoModelForImageClassification.from_pretrained("ada/digits")
```
"""
LOG = "\n".join(
    [
        "recipe.yaml: method full, 12 epochs, batch size 32, learning rate 0.0005",
        "1000 examples for training",
        *(
            f"step {n} of 360, loss {2.3 * math.exp(-n / 90) + 0.08:.4f}"
            for n in range(10, 220, 10)
        ),
    ]
)


def curve(steps: int = 220) -> list[dict[str, float]]:
    return [
        {
            "step": n,
            "loss": 2.3 * math.exp(-n / 90) + 0.08 + 0.05 * math.sin(n),
            "learning_rate": 5e-4,
        }
        for n in range(1, steps, 4)
    ]


def report(shift: float) -> dict[str, object]:
    labels = {
        str(digit): {
            "precision": 0.9 + shift + digit / 200,
            "recall": 0.91 + shift - digit / 300,
            "f1-score": 0.905 + shift,
            "support": 24.0,
        }
        for digit in range(10)
    }
    mean = {"precision": 0.92 + shift, "recall": 0.9 + shift, "f1-score": 0.905, "support": 240.0}
    return {**labels, "accuracy": 0.91 + shift, "macro avg": mean, "weighted avg": mean}


def people() -> SimpleNamespace:
    def person(name: str, **more: object):
        return accounts.ensure_user(name=name, password=PASSWORD, **more)

    return SimpleNamespace(
        ada=person("ada", orgs=["tinymodels"]),
        berta=person("berta"),
        cyril=person("cyril"),
        dora=person("dora"),
        emil=person("emil"),
        lena=person("lena", roles=[Role.LICENCE_REVIEWER]),
        paul=person("paul", roles=[Role.PRIVACY_REVIEWER]),
    )


def offer(repository, author, title, files, *, draft=False):
    """A pull request with one commit; the service makes the submission and its check run."""
    discussion = pull_requests.open_pull_request(
        repository=repository,
        author=author,
        title=title,
        description=f"{title}. Trained on my laptop, see the card.",
        base_branch="refs/heads/main",
        draft=draft,
    )
    pull_requests.push(
        discussion,
        actor=author,
        operations=[AddFile(path, content) for path, content in files.items()],
        parent=None,
        title=title,
        message="",
    )
    return Submission.objects.get(discussion=discussion)


def put(submission, status, *, kind, track, reason="", minutes=5):
    before = submission.track
    Submission.objects.filter(pk=submission.pk).update(
        status=status,
        status_reason=reason,
        kind=kind,
        track=track,
        status_since=timezone.now() - dt.timedelta(minutes=minutes),
        artifact_revision=submission.head_revision,
    )
    submission.refresh_from_db()
    leaderboards.moved(submission, before=before)
    return submission


def run(submission, kind, status=RunStatus.SUCCEEDED, **more):
    now = timezone.now()
    made = Run.objects.create(
        kind=kind,
        status=status,
        submission=submission,
        track=submission.track if submission else more.pop("track", None),
        contributor=more.pop("contributor", None) or submission.contributor,
        head_revision=submission.head_revision if submission else "",
        attempt=more.pop("attempt", 1),
        worker="cpu-1@worker",
        started_at=now - dt.timedelta(minutes=4),
        heartbeat_at=now,
        finished_at=now - dt.timedelta(minutes=1) if RunStatus(status).is_over else None,
        sandbox=more.pop("sandbox", "bubblewrap"),
        **more,
    )
    for number in range(1, made.attempt + 1):
        last = number == made.attempt
        Attempt.objects.create(
            run=made,
            number=number,
            worker="cpu-1@worker",
            started_at=now - dt.timedelta(minutes=4),
            outcome="" if last else "lost",
            reason="" if last else "The worker stopped answering.",
            seconds=42.5,
        )
    return made


def measured(submission, *, gain, width, metric_gain, loss=0.412):
    """A benchmark run with scores and paired intervals on V and T."""
    made = run(submission, RunKind.BENCHMARK, log="240 examples of V, 240 of T\nscored")
    benchmark = submission.track.benchmark
    leaderboards.measured(submission.track)
    for split in ("V", "T"):
        base, _ = Score.objects.get_or_create(
            model_digest="b" * 64,
            benchmark=benchmark,
            split=split,
            harness="commonweight 0.1+3f2a91c0d4aa",
            defaults={
                "run": made,
                "examples": 240,
                "loss": loss,
                "metrics": {"accuracy": 0.9012, "f1_macro": 0.8987},
                "report": report(0),
            },
        )
        candidate = Score.objects.create(
            model_digest=f"{submission.pk:064d}",
            benchmark=benchmark,
            split=split,
            harness=base.harness,
            run=made,
            examples=240,
            loss=loss - gain,
            metrics={"accuracy": 0.9012 + metric_gain, "f1_macro": 0.8987 + metric_gain},
            report=report(metric_gain),
        )
        for measure, difference in (
            ("loss", gain),
            ("accuracy", metric_gain),
            ("f1_macro", 0.8 * metric_gain),
        ):
            Comparison.objects.create(
                submission=submission,
                run=made,
                split=split,
                measure=measure,
                candidate=candidate,
                reference=base,
                difference=difference,
                low=difference - width,
                high=difference + width,
            )
    return made


def reviewed(submission, cast):
    for key, reviewer in ((Key.LICENCE, cast.lena), (Key.PRIVACY, cast.paul)):
        Review.objects.create(
            submission=submission,
            key=key,
            decision=Decision.APPROVE,
            reviewer=reviewer,
            revision=submission.head_revision,
            track=submission.track,
            text="Apache-2.0 throughout, text present." if key == Key.LICENCE else "",
        )


def make() -> SimpleNamespace:
    """The whole scene. Returns the things that tests ask for by name."""
    cast = people()
    model = repositories.create(
        actor=cast.ada, namespace=cast.ada.namespace, name="digits", repo_type="model"
    )
    data = repositories.create(
        actor=cast.ada, namespace=cast.ada.namespace, name="digits-data", repo_type="dataset"
    )
    secret = repositories.create(
        actor=cast.ada,
        namespace=cast.ada.namespace,
        name="held-out",
        repo_type="dataset",
        private=True,
    )
    plain = repositories.create(
        actor=cast.berta, namespace=cast.berta.namespace, name="scratch", repo_type="model"
    )
    config = b'{\n  "model_type": "vit",\n  "id2label": {"0": "0", "1": "1"}\n}\n'
    head = commits.commit(
        model,
        ref="refs/heads/main",
        author=cast.ada,
        title="Upload the base",
        operations=[
            AddFile("README.md", CARD.encode()),
            AddFile("config.json", config),
            AddFile("recipe.yaml", b"version: 1\nmethod: full\nepochs: 12\n"),
            AddFile("model.safetensors", bytes(range(256)) * 40),
            AddFile("docs/how/made.md", b"# How it was made\n"),
        ],
    )
    commits.commit(
        data,
        ref="refs/heads/main",
        author=cast.ada,
        title="Add training rows",
        operations=[
            AddFile("README.md", b"# Digits data\n"),
            AddFile("data/train.csv", b"image,label\na,0\n"),
        ],
    )
    benchmark = Benchmark.objects.create(
        name="digits-held-out",
        task=Task.IMAGE_CLASSIFICATION,
        dataset=secret,
        revision=refs.resolve(secret).oid,
        path="data",
        metric="accuracy",
        split_m=list(range(320)),
        split_v=list(range(320, 560)),
        split_t=list(range(560, 800)),
        digest="d" * 64,
    )
    track = Track.objects.create(
        repository=model,
        name="digits",
        title="Handwritten digits",
        description="Read 8 × 8 pixel digits better than the base, at the same size.",
        task=Task.IMAGE_CLASSIFICATION,
        status=TrackStatus.OPEN,
        base_revision=head.oid,
        temperature=1.184,
        benchmark=benchmark,
        metric="accuracy",
        created_by=cast.ada,
    )
    TrackDataset.objects.create(track=track, dataset=data, revision=refs.resolve(data).oid)

    weights = offer(
        model, cast.berta, "Longer training with augmentation", {"model.safetensors": b"w" * 900}
    )
    adapter = offer(
        model,
        cast.cyril,
        "LoRA adapter for slanted sevens",
        {"adapters/seven/adapter_model.safetensors": b"a" * 400},
    )
    wrong = offer(
        model, cast.emil, "My labels are the right ones", {"model.safetensors": b"x" * 900}
    )
    recipe = offer(
        model,
        cast.dora,
        "Warm-up and cosine schedule",
        {"recipe.yaml": b"version: 1\nmethod: full\nepochs: 12\nscheduler: cosine\n"},
    )
    pickle = offer(model, cast.emil, "Faster loading", {"pytorch_model.bin": b"\x80\x04."})
    waiting = offer(
        model,
        cast.cyril,
        "Adapter with r = 16",
        {"adapters/wide/adapter_model.safetensors": b"b" * 400},
    )
    rows = offer(
        data, cast.berta, "300 more handwritten rows", {"data/more.csv": b"image,label\nb,1\n"}
    )
    draft = offer(model, cast.berta, "Half an idea", {"notes.md": b"to do\n"}, draft=True)
    Run.objects.all().delete()  # queued checks: the machines of this scene are written by hand

    for submission, kind, status in (
        (weights, PatchKind.WEIGHTS, SubmissionStatus.RELEASED),
        (adapter, PatchKind.ADAPTER, SubmissionStatus.RELEASED),
        (wrong, PatchKind.WEIGHTS, SubmissionStatus.NOT_ADMITTED),
    ):
        put(submission, status, kind=kind, track=track, minutes=90)
        run(submission, RunKind.CHECK, log="6 files, no finding that blocks")
        reviewed(submission, cast)
    measured(weights, gain=0.0612, width=0.021, metric_gain=0.0208)
    measured(adapter, gain=0.0344, width=0.025, metric_gain=0.0083)
    measured(wrong, gain=-0.0871, width=0.03, metric_gain=-0.0417)
    put(
        recipe,
        SubmissionStatus.TRAINING,
        kind=PatchKind.RECIPE,
        track=track,
        reason="A worker fine-tunes it.",
        minutes=2,
    )
    check = run(recipe, RunKind.CHECK)
    Finding.objects.create(
        submission=recipe,
        run=check,
        rule="recipe-steps",
        severity=Severity.INFO,
        path="recipe.yaml",
        line=3,
        message="360 steps at most fit the track's budget of 900 seconds.",
    )
    training = run(
        recipe,
        RunKind.FINETUNE,
        RunStatus.RUNNING,
        attempt=2,
        sandbox="none",
        log=LOG,
        curve=curve(),
        progress={"step": 220, "of": 360, "stage": "train", "metrics": {"loss": 0.28}},
    )
    put(
        pickle,
        SubmissionStatus.REFUSED,
        kind=PatchKind.UNKNOWN,
        track=track,
        reason="A pickle can run code when it is loaded.",
    )
    refused = run(pickle, RunKind.CHECK)
    Finding.objects.create(
        submission=pickle,
        run=refused,
        rule="pickle",
        severity=Severity.BLOCK,
        path="pytorch_model.bin",
        message="pytorch_model.bin is a pickle, which can run code when it is loaded.",
        fix="Save the weights with save_pretrained(folder) and upload model.safetensors instead.",
    )
    Finding.objects.create(
        submission=pickle,
        run=refused,
        rule="card-licence",
        severity=Severity.WARN,
        path="README.md",
        line=2,
        message="The card names no licence for the new file.",
        fix="Write license: apache-2.0 into the front matter.",
    )
    put(
        waiting,
        SubmissionStatus.IN_REVIEW,
        kind=PatchKind.ADAPTER,
        track=track,
        reason="Waits for the licence key and privacy key.",
    )
    run(waiting, RunKind.CHECK)
    measured(waiting, gain=0.0061, width=0.012, metric_gain=0.0)
    put(
        rows,
        SubmissionStatus.FAILED,
        kind=PatchKind.DATA,
        track=track,
        reason="The finetune run failed: the label “ten” is not one that the model knows.",
    )
    run(
        rows,
        RunKind.FINETUNE,
        RunStatus.FAILED,
        failure_class="bad-input",
        reason="data/more.csv, row 17: the label “ten” is not one that the model knows.",
        log="reading data/more.csv\nrow 17: unknown label ten\n",
    )
    put(
        draft,
        SubmissionStatus.DRAFT,
        kind=PatchKind.CARD,
        track=track,
        reason="Checked. Open the pull request to have it evaluated.",
    )
    discussions.comment(
        weights.discussion,
        author=cast.ada,
        text="Lovely. Which *augmentation* was it?\n\n`rotate(5)`?",
    )

    base = Release.objects.create(
        track=track,
        number=0,
        status=ReleaseStatus.RELEASED,
        base_revision=head.oid,
        revision=head.oid,
        created_by=cast.ada,
        released_at=timezone.now() - dt.timedelta(hours=3),
        evidence={
            "report_T": {
                "merged": {"loss": 0.412, "metrics": {"accuracy": 0.9012, "f1_macro": 0.8987}}
            }
        },
    )
    release = Release.objects.create(
        track=track,
        number=1,
        status=ReleaseStatus.RELEASED,
        base_revision=head.oid,
        revision=head.oid,
        gain_v=0.0781,
        gain_t=0.0702,
        nodes=2,
        gap=0.000012,
        kappa=0.041,
        formula="path-integral-1",
        created_by=cast.ada,
        released_at=timezone.now() - dt.timedelta(hours=1),
        evidence={
            "report_T": {
                "base": {"loss": 0.412, "metrics": {"accuracy": 0.9012, "f1_macro": 0.8987}},
                "gain": {
                    "loss": {"difference": 0.0702, "low": 0.041, "high": 0.0994},
                    "accuracy": {"difference": 0.028, "low": 0.0, "high": 0.056},
                },
                "merged": {"loss": 0.3418, "metrics": {"accuracy": 0.9292, "f1_macro": 0.9251}},
            }
        },
    )
    for submission, weight, gate, lower, admitted in (
        (weights, 0.71, 0.0452, 0.0291, True),
        (adapter, 0.44, 0.0204, 0.0066, True),
        (wrong, 0.0, -0.0039, -0.0152, False),
    ):
        ReleasePatch.objects.create(
            release=release,
            submission=submission,
            artifact_revision=submission.head_revision,
            admitted=admitted,
            weight=weight,
            gate_gain=gate,
            gate_lower=lower,
            reason="" if admitted else "The lower bound of its gain is not above zero.",
        )
    for submission, weight, amount in ((weights, 0.71, 0.0553), (adapter, 0.44, 0.0228)):
        Credit.objects.create(
            release=release,
            submission=submission,
            contributor=submission.contributor,
            weight=weight,
            amount=amount,
            low=amount - 0.011,
            high=amount + 0.012,
            first_order=amount * 1.3,
            alone=amount * 1.1,
            leave_one_out=amount * 0.85,
            metric_amount=amount / 3,
            formula="path-integral-1",
        )
    for kind in (RunKind.MERGE, RunKind.ATTRIBUTE):
        run(None, kind, track=track, release=release, contributor=cast.ada)
    publication = Publication.objects.create(
        release=release,
        endpoint="http://127.0.0.1:18499",
        repo_id="tinymodels/digits",
        status=PublicationStatus.PUBLISHED,
        remote_commit="c" * 40,
        requested_by=cast.ada,
    )
    for position, name in enumerate(("collect", "repository", "upload", "verify", "record")):
        PublicationStep.objects.create(
            publication=publication, position=position, name=name, status=StepStatus.DONE
        )
    tokens.issue(cast.berta, name="laptop", scope="write")
    return SimpleNamespace(
        **vars(cast),
        model=model,
        data=data,
        secret=secret,
        plain=plain,
        track=track,
        weights=weights,
        adapter=adapter,
        wrong=wrong,
        recipe=recipe,
        pickle=pickle,
        waiting=waiting,
        rows=rows,
        draft=draft,
        training=training,
        base=base,
        release=release,
        head=head,
    )
