"""The steps of an offer: their order, and which are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contributions.models import DraftFile, OfferDraft, PatchKind, Track
from contributions.services import draft_files, drafts
from contributions.services.offer_faults import Fault

_NAMES: dict[str, Promise] = {
    "what": pgettext_lazy("step", "What"),
    "files": _("Files"),
    "recipe": _("Recipe"),
    "licence": _("Licence and privacy"),
    "check": _("Check and send"),
}


@dataclass(frozen=True)
class Step:
    name: str
    label: str | Promise
    href: str
    state: str


def of(draft: OfferDraft) -> list[str]:
    middle = "recipe" if drafts.kind_of(draft) is PatchKind.RECIPE else "files"
    return ["what", middle, "licence", "check"]


def after(draft: OfferDraft, step: str) -> str:
    """Address of the step that follows."""
    names = of(draft)
    place = names.index(step) + 1 if step in names else 0
    return f"{draft.get_absolute_url()}/{names[min(place, len(names) - 1)]}"


def head(
    draft: OfferDraft,
    here: str,
    *,
    faults: Sequence[Fault] = (),
    files: Sequence[DraftFile] | None = None,
) -> dict[str, Any]:
    """What every step's page shows above. `files`: those of the draft, where they are at hand."""
    answers = draft.answers
    has_files = bool(files) if files is not None else draft.files.exists()
    done = {
        "what": bool(draft.title),
        "files": has_files,
        "recipe": bool(answers.get("recipe")),
        "licence": bool((answers.get("licence") or {}).get("choice")),
        "check": False,
    }
    faulty = {fault.step for fault in faults if fault.blocks}
    steps = [
        Step(
            name,
            _NAMES[name],
            f"{draft.get_absolute_url()}/{name}",
            "faulty" if name in faulty else "done" if done[name] else "",
        )
        for name in of(draft)
    ]
    return {
        "draft": draft,
        "repository": drafts.repository_of(draft),
        "kind": drafts.kind_of(draft),
        "steps": steps,
        "here": here,
        "folder": answers.get("folder", ""),
        "next": after(draft, here),
    }


def limits(kind: PatchKind, track: Track | None) -> dict[str, Any]:
    """What may come and what will happen, said before anything is uploaded."""
    policy = track.policy if track else {}
    return {
        "file_bytes": settings.MAX_FILE_BYTES,
        "files": draft_files.MOST_FILES,
        "trains": kind.needs_training,
        "measured": kind.is_measured and track is not None,
        "seconds": policy.get("finetune_seconds"),
        "steps": policy.get("max_steps"),
        "keys": policy.get("keys") or ["licence", "privacy"],
        "track": track,
    }
