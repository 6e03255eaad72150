"""A draft becomes a pull request: all of it in one transaction, and only once."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from contributions.models import Discussion, DraftFile, OfferDraft, PatchKind, Submission
from contributions.services import (
    drafts,
    offer_faults,
    pull_requests,
    recipe_rules,
    submissions,
    yaml_lines,
)
from contributions.services.offer_facts import CARD, OfferFacts
from registry.models import RepoType
from registry.services import access, blobs
from registry.services.access import Caller, Need
from registry.services.commits import AddFile, AddLfsFile, Operation
from registry.services.errors import Invalid

_PERSONAL = {
    "no": "no personal data",
    "yes": "personal data are in it",
    "unsure": "the contributor is not sure whether personal data are in it",
}


@transaction.atomic
def send(draft: OfferDraft, *, as_draft: bool = False) -> Discussion:
    """The pull request that the draft becomes. Sent again, it is the same one."""
    draft = (
        OfferDraft.objects.select_for_update(of=("self",))
        .select_related("author__namespace", "repository__namespace", "sent_as")
        .get(pk=draft.pk)
    )
    if draft.sent_as is not None:
        return draft.sent_as
    offer = OfferFacts(draft)
    access.authorise(Caller(user=draft.author), offer.repository, need=Need.PROPOSE)
    _refuse(offer)
    discussion = pull_requests.open_pull_request(
        repository=offer.repository,
        author=draft.author,
        title=draft.title,
        description=description_of(offer),
        draft=as_draft,
    )
    pull_requests.push(
        discussion,
        actor=draft.author,
        operations=operations(offer),
        title=draft.title,
        message=draft.description,
    )
    _choose_track(offer, discussion)
    draft.sent_as = discussion
    draft.save(update_fields=["sent_as", "updated_at"])
    return discussion


def _refuse(offer: OfferFacts) -> None:
    wrong = [fault for fault in offer_faults.faults(offer) if fault.blocks]
    if wrong:
        raise Invalid(
            " ".join(fault.message for fault in wrong),
            where=wrong[0].step,
            next="Mend it, then send it.",
        )
    # What could be named when it was announced may be out of reach by now.
    digests = [file.sha256 for file in offer.files]
    namespace = offer.repository.namespace
    usable = blobs.usable(digests, user=offer.draft.author, namespace=namespace)
    for path, file in offer.targets.items():
        if file.sha256 not in usable:
            raise Invalid(f"{path} must be sent again.", where=path, next="Choose it again.")


def _choose_track(offer: OfferFacts, discussion: Discussion) -> None:
    """Where several tracks fit, the one that was chosen here."""
    submission = Submission.objects.filter(discussion=discussion).first()
    if submission is None or offer.track is None or submission.track_id == offer.track.pk:
        return
    submissions.choose_track(submission, track=offer.track, actor=offer.draft.author)


def operations(offer: OfferFacts) -> list[Operation]:
    """What the one commit changes."""
    if offer.kind is PatchKind.RECIPE:
        recipe = str(offer.draft.answers.get("recipe", ""))
        return [AddFile(recipe_rules.PATH, recipe.encode()), *_papers(offer)]
    papers = _papers(offer)
    written = {paper.path for paper in papers}
    return [
        *(_added(offer, path, f) for path, f in offer.targets.items() if path not in written),
        *papers,
    ]


def _added(offer: OfferFacts, path: str, file: DraftFile) -> Operation:
    if file.blob is None:
        raise Invalid(f"{path} has not arrived.", where=path, next="Send it, then send the offer.")
    if offer.rules.is_large(path, file.size):
        return AddLfsFile(path, file.blob.sha256, file.blob.size)
    return AddFile(path, file.blob)


def _papers(offer: OfferFacts) -> list[Operation]:
    """The card with what was answered, and the text of a licence that is not there yet."""
    made: list[Operation] = []
    if values := card_values(offer):
        made.append(AddFile(CARD, yaml_lines.front_matter(offer.card, values).encode()))
    there = offer.brings_licence_file() or offer.keeps_licence_file()
    if offer.licence_text and not there:
        made.append(AddFile("LICENSE", offer.licence_text.encode()))
    return made


def card_values(offer: OfferFacts) -> dict[str, Any]:
    """What the answers put into the front matter. A patch of a model leaves the card as it is
    unless its licence is another."""
    values: dict[str, Any] = {}
    answers = offer.draft.answers
    if (choice := offer.licence.get("choice")) and choice != drafts.SAME_LICENCE:
        values["license"] = choice
        if choice == "other":
            values |= {"license_name": offer.licence.get("name"), "license_link": "LICENSE"}
    if offer.repository.type is RepoType.DATASET and offer.kind is PatchKind.DATA:
        if sources := answers.get("derived_from"):
            values["source_datasets"] = list(sources)
        if personal := offer.privacy.get("personal"):
            values["personal_data"] = str(personal)
    elif values and (sources := answers.get("derived_from")):
        values["base_model"] = list(sources)
    return values


def description_of(offer: OfferFacts) -> str:
    """What its author wrote, and the answers for the reviewers."""
    choice = offer.licence.get("choice", "")
    lines = [
        ("Licence", "as the repository" if choice == drafts.SAME_LICENCE else choice),
        ("Derived from", ", ".join(offer.draft.answers.get("derived_from") or [])),
        ("Personal data", _PERSONAL.get(offer.privacy.get("personal", ""), "")),
        ("Ground for using them", offer.privacy.get("consent", "")),
        ("Source of the data", offer.privacy.get("source", "")),
    ]
    said = "\n".join(f"- {name}: {' '.join(str(v).split())}" for name, v in lines if v)
    return "\n\n".join(part for part in (offer.draft.description, said) if part)
