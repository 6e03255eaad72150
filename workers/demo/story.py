"""The story, chapter by chapter. Every chapter looks first at what is done already, so that a
story that was interrupted goes on where it stopped, and a finished one is only told again."""

from __future__ import annotations

from collections.abc import Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.demo import consumers, materials, plot
from workers.demo.cast import CAST, COMMUNITY, Secrets, account_options
from workers.demo.home import train
from workers.demo.materials import DIGITS, ENTITIES, Subject
from workers.demo.plot import OFFERS, Offer
from workers.demo.site import Site, command, rows
from workers.demo.terminal import StoryStopped, Teller

SUBJECTS = (DIGITS, ENTITIES)
FIRST_STEPS_SECONDS = 180
MEASURING_SECONDS = 600
RELEASE_SECONDS = 300
# Loss of a loaded model against the recorded one: float32 sums in another order.
SAME_SCORE = 1e-4


@dataclass
class Story:
    site: Site
    hub: Site
    work: Path
    secrets: Secrets
    tell: Teller
    seed: int = 0

    def run(self) -> None:
        data = {subject.name: plot.DATA[subject.name](self.seed) for subject in SUBJECTS}
        self._people_arrive()
        self._maintainer_brings(data)
        self._tracks_open()
        self._contributors_offer(data)
        self._reviewers_turn_keys()
        self._releases_are_made()
        self._releases_are_published()
        self._consumers_load(data)

    # --- 1: people -----------------------------------------------------------------------

    def _people_arrive(self) -> None:
        self.tell.chapter("People sign up, here and on the Hub")
        with self.tell.busy("making accounts"):
            for person in CAST:
                command("ensure_user", person.name, **account_options(person, self.secrets))
            token = self.secrets.token("mira")
            self.hub.run(
                "ensure_user", "mira", "--maintainer-of", COMMUNITY, "--token", "-",
                given=token + "\n",
            )  # fmt: skip
            if not rows("HubToken").filter(namespace__name=COMMUNITY).exists():
                self._store_hub_token(token)
        reviewers = [person for person in CAST if person.roles]
        self.tell.say(
            f"{len(CAST)} people: a maintainer, {len(CAST) - len(reviewers) - 1} contributors, "
            + ", ".join(f"{person.part} {person.name}" for person in reviewers)
        )

    def _store_hub_token(self, token: str) -> None:
        self.site.run("hub_token", COMMUNITY, self.hub.url, "--as", "mira", given=token + "\n")

    # --- 2: base model and data ----------------------------------------------------------

    def _maintainer_brings(self, data: dict[str, plot.Data]) -> None:
        self.tell.chapter("Mira, the maintainer, uploads data and base models")
        for subject in SUBJECTS:
            with self.tell.busy(f"{subject.title}: training a small base from nothing"):
                uploaded = self._bring(subject, data[subject.name])
            known = len(data[subject.name].public)
            held = len(data[subject.name].held_out)
            self.tell.say(
                f"{subject.title}: base trained on {known} examples, {held} held out"
                + ("" if uploaded else " (there already)")
            )

    def _bring(self, subject: Subject, data: plot.Data) -> bool:
        client = self.site.client(self.secrets.token("mira"))
        model_id = f"{COMMUNITY}/{subject.model}"
        if rows("Repository").filter(name=subject.model).exists():
            return False
        folder = self.work / subject.name
        materials.write_dataset(folder / "public", subject, data.public, name="train")
        materials.write_dataset(folder / "held-out", subject, data.held_out, name="test")
        texts = [" ".join(row["tokens"]) for row in data.public if "tokens" in row]
        materials.write_untrained_model(folder / "nothing", subject, texts, seed=self.seed)
        base = train(
            folder / "base-job", subject=subject, model=folder / "nothing", rows=data.public,
            changes=subject.base_changes, seed=self.seed,
        )  # fmt: skip
        materials.write_model_papers(base, subject)
        for name, source, private in (
            (subject.dataset, folder / "public", False),
            (subject.benchmark, folder / "held-out", True),
        ):
            repo_id = f"{COMMUNITY}/{name}"
            client.create_repo(repo_id, repo_type="dataset", private=private, exist_ok=True)
            client.upload_folder(repo_id=repo_id, folder_path=source, repo_type="dataset")
        client.create_repo(model_id, exist_ok=True)
        client.upload_folder(repo_id=model_id, folder_path=base)
        return True

    # --- 3: tracks -----------------------------------------------------------------------

    def _tracks_open(self) -> None:
        self.tell.chapter("Tracks: checked, cleared by two keys, calibrated")
        for subject in SUBJECTS:
            if not rows("Track").filter(name=subject.name).exists():
                file = plot.write_track_file(
                    self.work / f"{subject.name}.json", subject,
                    community=COMMUNITY, seed=self.seed,
                )  # fmt: skip
                command("open_track", str(file), actor="mira")
        first = rows("Submission").filter(discussion=None)
        self.tell.wait(
            "workers check the first revisions",
            lambda: _all(first, {"in-review", "approved", "released", "published"}),
            seconds=FIRST_STEPS_SECONDS,
        )
        self._turn_keys(first.filter(status="in-review"))
        self.tell.wait(
            "workers calibrate the bases",
            lambda: _all(rows("Track"), {"open"}),
            seconds=FIRST_STEPS_SECONDS,
        )
        for track in rows("Track").order_by("name"):
            self.tell.say(
                f"{track.title}: open, temperature {track.temperature:.2f}, "
                f"base {track.base_revision[:10]}"
            )

    # --- 4: offers -----------------------------------------------------------------------

    def _contributors_offer(self, data: dict[str, plot.Data]) -> None:
        self.tell.chapter("Contributors train at home and open pull requests")
        bases = {subject.name: self._download_base(subject) for subject in SUBJECTS}
        for offer in OFFERS:
            if self._find(offer) is None:
                with self.tell.busy(f"{offer.who}: {offer.title}"):
                    self._offer(offer, bases[offer.subject.name], data[offer.subject.name])
            found = self._find(offer)
            number = found.pk if found else "?"
            self.tell.say(f"{offer.who:<6} {offer.kind:<16} → submission {number}")
        offered = rows("Submission").exclude(discussion=None)
        done = {
            "in-review", "refused", "failed", "approved", "released", "not-admitted", "published",
        }  # fmt: skip
        self.tell.wait(
            "workers check, fine-tune and benchmark",
            lambda: _all(offered, done),
            seconds=MEASURING_SECONDS,
        )
        self._report(offered)

    def _download_base(self, subject: Subject) -> Path:
        from huggingface_hub import snapshot_download

        return Path(
            snapshot_download(
                f"{COMMUNITY}/{subject.model}",
                endpoint=self.site.url,
                revision=rows("Release").get(track__name=subject.name, number=0).revision,
                local_dir=self.work / f"{subject.name}-base",
                token=False,
            )
        )

    def _find(self, offer: Offer) -> Any:
        name = offer.subject.dataset if offer.to_dataset else offer.subject.model
        return (
            rows("Submission")
            .filter(
                contributor__username=offer.who, repository__name=name, discussion__isnull=False
            )
            .first()
        )

    def _offer(self, offer: Offer, base: Path, data: plot.Data) -> None:
        work = self.work / f"{offer.subject.name}-{offer.who}"
        if not (work / "upload").exists():
            offer.make(base, data, work, self.seed + 1 + len(offer.who))
        name = offer.subject.dataset if offer.to_dataset else offer.subject.model
        self.site.client(self.secrets.token(offer.who)).upload_folder(
            repo_id=f"{COMMUNITY}/{name}",
            folder_path=work / "upload",
            repo_type="dataset" if offer.to_dataset else "model",
            commit_message=offer.title,
            create_pr=True,
        )

    def _report(self, offered: Any) -> None:
        for submission in offered.select_related("contributor", "track").order_by("pk"):
            who = submission.contributor.username
            if submission.status in {"refused", "failed"}:
                self._report_refusal(submission, who)
                continue
            gain = submission.comparisons.filter(split="T", measure="loss").last()
            if gain is not None:
                self.tell.say(
                    f"{who:<6} {submission.kind:<8} gain {gain.difference:+.3f} nats "
                    f"[{gain.low:+.3f}, {gain.high:+.3f}] on T"
                )

    def _report_refusal(self, submission: Any, who: str) -> None:
        finding = submission.findings.filter(severity="block").order_by("pk").first()
        if finding is None:
            raise StoryStopped(f"submission {submission.pk}: {submission.status_reason}")
        self.tell.say(f"{who:<6} [yellow]refused[/]: {finding.message}")
        self.tell.say(f"       fix: {finding.fix}")

    # --- 5: reviews ----------------------------------------------------------------------

    def _reviewers_turn_keys(self) -> None:
        self.tell.chapter("Reviewers turn their keys: licence and privacy, never one's own work")
        waiting = rows("Submission").exclude(discussion=None).filter(status="in-review")
        count = self._turn_keys(waiting)
        self.tell.say(f"{count} submissions cleared by lena (licence) and pavel (privacy)")

    def _turn_keys(self, waiting: Any) -> int:
        shown = list(waiting.order_by("pk").values_list("pk", "head_revision"))
        for number, head in shown:
            for who, key in (("lena", "licence"), ("pavel", "privacy")):
                turn = ("review", str(number), "--as", who, "--key", key, "--approve")
                command(*turn, "--head", head)
        return len(shown)

    # --- 6: releases ---------------------------------------------------------------------

    def _releases_are_made(self) -> None:
        self.tell.chapter("Releases: weights fitted, credit computed, main moved")
        made = rows("Release").filter(number=1)
        for subject in SUBJECTS:
            if not made.filter(track__name=subject.name, status="released").exists():
                command("release", subject.name, actor="mira")
        self.tell.wait(
            "workers merge and attribute",
            lambda: _all(made, {"released"}, failed={"failed", "cancelled"}),
            seconds=RELEASE_SECONDS,
        )
        for release in made.select_related("track").order_by("track__name"):
            admitted = release.patches.filter(admitted=True).count()
            self.tell.say(
                f"{release.track.title}: {admitted} of {release.patches.count()} admitted, "
                f"gain {release.gain_t:+.3f} nats on T"
            )

    # --- 7: publication ------------------------------------------------------------------

    def _releases_are_published(self) -> None:
        self.tell.chapter(f"Published to the Hub at {self.hub.url}")
        for subject in SUBJECTS:
            done = rows("Publication").filter(
                release__track__name=subject.name, release__number=1, status="published"
            )
            if not done.exists():
                command("publish", subject.name, self.hub.url, release=1, actor="mira")
        sent = rows("Publication").filter(release__number=1)
        self.tell.wait(
            "the publish worker uploads and verifies",
            lambda: _all(sent, {"published"}, failed={"failed"}),
            seconds=RELEASE_SECONDS,
        )
        for one in sent.order_by("repo_id"):
            verified = one.steps.get(name="verify").detail["sha256"]
            self.tell.say(f"{one.url} @ {one.remote_commit[:10]}, {len(verified)} files verified")

    # --- 8: consumers --------------------------------------------------------------------

    def _consumers_load(self, data: dict[str, plot.Data]) -> None:
        self.tell.chapter("Anybody loads them from there with from_pretrained")
        with self.tell.busy("loading and scoring"), ThreadPoolExecutor(2) as pool:
            found = list(
                pool.map(
                    lambda subject: consumers.load_and_score(
                        subject, data[subject.name].held_out, hub=self.hub, work=self.work
                    ),
                    SUBJECTS,
                )
            )
        for subject, score in zip(SUBJECTS, found, strict=True):
            release = rows("Release").get(track__name=subject.name, number=1)
            recorded = release.evidence["report_T"]["merged"]["loss"]
            if abs(score["loss"] - recorded) > SAME_SCORE:
                raise StoryStopped(
                    f"{subject.title}: the published model has a loss of {score['loss']:.6f} on "
                    f"T, {recorded:.6f} was recorded"
                )
            self.tell.say(f"{subject.title}: loss {score['loss']:.4f} on T, as recorded")


def _all(found: Any, wanted: Set[str], *, failed: Set[str] = frozenset()) -> tuple[bool, str]:
    """Whether all rows have a wanted status, and how many have which."""
    counts: dict[str, int] = {}
    for status in found.values_list("status", flat=True):
        counts[status] = counts.get(status, 0) + 1
    if failed & set(counts):
        reasons = found.filter(status__in=failed).values_list("reason", flat=True)
        raise StoryStopped("; ".join(reasons))
    shown = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return bool(counts) and set(counts) <= wanted, shown
