"""Everything that is wrong with a draft, at once, each with the step that mends it.

Only what is cheap to know: names, sizes, what is missing. The check looks into the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from contributions.models import PatchKind, Submission
from contributions.services import diffs, drafts, file_kinds, licences, recipe_rules
from contributions.services.offer_facts import OfferFacts
from registry.models import PathChange
from registry.services.errors import RevisionNotFound

# Small files are held by git itself and pass through memory.
MOST_PLAIN_BYTES = 100_000_000
ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")


@dataclass(frozen=True)
class Fault:
    """`step` mends it. One that does not block is a hint. `url`: what it is about."""

    step: str
    message: str
    blocks: bool = True
    url: str = ""


def faults(offer: OfferFacts) -> list[Fault]:
    found = [*_what(offer), *_base(offer)]
    if offer.kind is PatchKind.RECIPE:
        found += _recipe(offer)
    else:
        found += [*_files(offer), *_kind(offer)]
    found += [*_licence(offer), *_privacy(offer), *_duplicates(offer)]
    return sorted(found, key=lambda fault: not fault.blocks)


def _what(offer: OfferFacts) -> Iterator[Fault]:
    if not offer.draft.title.strip():
        yield Fault("what", _("It has no title."))
    if len(offer.tracks) > 1 and offer.track is None:
        yield Fault("what", _("Several tracks could measure it. Choose one."))


def _base(offer: OfferFacts) -> Iterator[Fault]:
    """The branch moved since the draft was begun."""
    base, now = offer.draft.answers.get("base", ""), offer.head.oid if offer.head else ""
    if not base or base == now:
        return
    try:
        changed = {change.path for change in diffs.changes(offer.repository, base, now)}
    except RevisionNotFound:
        changed = set()
    if offer.kind is PatchKind.RECIPE and recipe_rules.PATH in changed:
        yield Fault("recipe", _("The recipe was changed by others since you began."))
    elif both := sorted(offer.targets.keys() & changed):
        said = _("Others changed files that you bring too: %(paths)s. Yours would replace them.")
        yield Fault("files", said % {"paths": ", ".join(both[:5])}, blocks=False)
    else:
        yield Fault("check", _("The branch has moved since; yours goes on top of it."), False)


def _recipe(offer: OfferFacts) -> Iterator[Fault]:
    text = str(offer.draft.answers.get("recipe", ""))
    if not text.strip():
        yield Fault("recipe", _("There is no recipe yet."))
        return
    if text == drafts.base_text(offer.draft, recipe_rules.PATH):
        yield Fault("recipe", _("The recipe is the same as before: nothing is changed."))
    for fault in recipe_rules.faults(text, offer.task):
        yield Fault("recipe", f"recipe.yaml: {fault}")


def _files(offer: OfferFacts) -> Iterator[Fault]:
    if not offer.files:
        yield Fault("files", _("There are no files yet."))
        return
    waiting = [path for path, file in offer.targets.items() if file.blob_id is None]
    if waiting:
        said = _("%(count)s files have not arrived: %(paths)s.")
        yield Fault("files", said % {"count": len(waiting), "paths": ", ".join(waiting[:5])})
    for path in offer.targets:
        if refused := file_kinds.refusal(path):
            yield Fault("files", f"{path} {refused}")
    total = sum(file.size for file in offer.files)
    if total > MOST_PLAIN_BYTES and offer.plain_bytes > MOST_PLAIN_BYTES:
        yield Fault("files", _("The small files together are too large: pack them."))


def _kind(offer: OfferFacts) -> Iterator[Fault]:
    """What every offer of this kind must bring."""
    names = {file.path for file in offer.files}
    if not names:
        return
    if offer.kind is PatchKind.WEIGHTS and not any(n.endswith(file_kinds.WEIGHTS) for n in names):
        yield Fault("files", _("There is no .safetensors file with weights."))
    if offer.kind is PatchKind.ADAPTER:
        for name in ADAPTER_FILES:
            if name not in names:
                said = _("An adapter needs %(name)s, directly in the folder.")
                yield Fault("files", said % {"name": name})
    if offer.kind is PatchKind.DATA and not any(n.endswith(file_kinds.DATA) for n in names):
        yield Fault("files", _("There is no .parquet, .csv or .jsonl file with examples."))
    empty = [file.path for file in offer.files if file.size == 0]
    if empty:
        said = _("Empty files: %(paths)s.") % {"paths": ", ".join(empty[:5])}
        yield Fault("files", said, blocks=False)


def _licence(offer: OfferFacts) -> Iterator[Fault]:
    choice, given = offer.licence.get("choice", ""), offer.licence
    if not choice:
        yield Fault("licence", _("No licence is chosen."))
        return
    if choice == drafts.SAME_LICENCE and not offer.named_licence:
        yield Fault("licence", _("The repository names no licence yet: choose one."))
    if choice == licences.OTHER and not (given.get("name") and given.get("text")):
        yield Fault("licence", _("Another licence needs its name and its text."))
    elif not (offer.licence_text or offer.brings_licence_file() or offer.keeps_licence_file()):
        said = _("The text of the licence is missing: add it as a file LICENSE, or paste it.")
        yield Fault("licence", said)


def _privacy(offer: OfferFacts) -> Iterator[Fault]:
    given = offer.privacy
    if offer.kind in {PatchKind.CARD, PatchKind.CODE, PatchKind.RECIPE}:
        return
    if not given.get("personal"):
        yield Fault("licence", _("Say whether personal data are in it, or were trained on."))
    elif given["personal"] == "yes" and not given.get("consent"):
        yield Fault("licence", _("Say on what ground the personal data may be used."))
    if not given.get("source"):
        yield Fault("licence", _("Say where the data come from."))


def _duplicates(offer: OfferFacts) -> Iterator[Fault]:
    """Large contents that were offered to this repository before."""
    digests = {file.sha256 for file in offer.files if file.blob_id and file.size}
    if not digests:
        return
    same = PathChange.objects.filter(sha256__in=digests, revision__repository=offer.repository)
    heads = same.values("revision__oid")
    earlier = Submission.objects.filter(
        repository=offer.repository, discussion__isnull=False, head_revision__in=heads
    ).order_by("pk")[:3]
    for submission in earlier:
        said = _("The same content was offered before: %(title)s. Copies earn nothing.")
        yield Fault(
            "files",
            said % {"title": submission.title},
            blocks=False,
            url=submission.get_absolute_url(),
        )
