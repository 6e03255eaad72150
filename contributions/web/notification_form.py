"""The table of kinds of news and how each is to be told, as a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from contributions.models import MailChoice, NotificationKind
from contributions.services.notifications import Wish

KIND_WORDS: dict[NotificationKind, Any] = {
    NotificationKind.FINISHED: _("A submission of yours was checked, measured or approved"),
    NotificationKind.FAILED: _("A submission of yours failed, or a check refused it"),
    NotificationKind.DECISION: _("A reviewer decided on a submission of yours"),
    NotificationKind.QUESTION: _("A reviewer asks you something"),
    NotificationKind.DEADLINE: _("An answer of yours is due within a day"),
    NotificationKind.ANSWER: _("Somebody answered your question"),
    NotificationKind.COMMENT: _("Somebody commented where you take part"),
    NotificationKind.RELEASE: _("A release took your submission, or did not admit it"),
    NotificationKind.PUBLICATION: _("A release with your work was published"),
    NotificationKind.INVITATION: _("Somebody invited you to an organisation"),
    NotificationKind.REVIEW_DUE: _("Your claim on a review is about to end"),
}
KIND_NAMES: dict[NotificationKind, Any] = {
    NotificationKind.FINISHED: _("Finished"),
    NotificationKind.FAILED: _("Failed"),
    NotificationKind.DECISION: _("Decision"),
    NotificationKind.QUESTION: _("Question"),
    NotificationKind.DEADLINE: _("Deadline"),
    NotificationKind.ANSWER: _("Answer"),
    NotificationKind.COMMENT: _("Comment"),
    NotificationKind.RELEASE: _("Release"),
    NotificationKind.PUBLICATION: _("Publication"),
    NotificationKind.INVITATION: _("Invitation"),
    NotificationKind.REVIEW_DUE: _("Claimed review"),
}
_MAILS = [
    (MailChoice.OFF.value, _("no mail")),
    (MailChoice.NOW.value, _("at once")),
    (MailChoice.DIGEST.value, _("once a day")),
]


@dataclass(frozen=True)
class Row:
    words: Any
    name: Any
    in_app: BoundField
    mail: BoundField


class WishesForm(forms.Form):
    def __init__(self, *args: Any, wishes: Mapping[NotificationKind, Wish], **more: Any) -> None:
        super().__init__(*args, **more)
        for kind, wish in wishes.items():
            self.fields[f"{kind.value}-centre"] = forms.BooleanField(
                required=False, initial=wish.in_app, label=KIND_WORDS[kind]
            )
            self.fields[f"{kind.value}-mail"] = forms.ChoiceField(
                choices=_MAILS, initial=wish.mail.value, label=KIND_WORDS[kind]
            )

    def rows(self) -> Iterator[Row]:
        for kind in NotificationKind:
            centre, mail = self[f"{kind.value}-centre"], self[f"{kind.value}-mail"]
            yield Row(KIND_WORDS[kind], KIND_NAMES[kind], centre, mail)

    def wishes(self) -> dict[NotificationKind, Wish]:
        given = self.cleaned_data
        return {
            kind: Wish(given[f"{kind.value}-centre"], MailChoice(given[f"{kind.value}-mail"]))
            for kind in NotificationKind
        }
