"""What reviewers fill in. Parsing only: the services decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contributions.models import CannedReply, Decision, Key, ReasonCode


class DecisionForm(forms.Form):
    """`reply`: the number of a canned reply whose words it starts with."""

    decision = forms.TypedChoiceField(coerce=Decision, widget=forms.RadioSelect)
    reason_code = forms.ChoiceField(required=False, label=_("Reason"))
    text = forms.CharField(
        required=False,
        max_length=20_000,
        label=_("What the contributor should know"),
        help_text=_("Plain text. Every decision but an approval needs a reason."),
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    # The revision that was looked at: a decision on an older one is refused.
    head = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(
        self, key: Key, decisions: Sequence[Decision], reply: str = "", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        words = {
            Decision.APPROVE: _("Approve: turn the key"),
            Decision.CHANGES: _("Ask for changes: a new revision"),
            Decision.INFO: _("Ask for information: an answer"),
            Decision.REJECT: _("Reject"),
            Decision.REVERSE: _("Take the earlier decision back"),
        }
        chosen, reason = self.fields["decision"], self.fields["reason_code"]
        assert isinstance(chosen, forms.ChoiceField)
        assert isinstance(reason, forms.ChoiceField)
        chosen.choices = [(d.value, words[d]) for d in words if d in decisions]
        codes = [code for code in ReasonCode if any(code.fits(key, d) for d in decisions)]
        reason.choices = [("", _("none")), *((code.value, code.label) for code in codes)]
        if reply.isdecimal():
            self._start_with(replies(key).filter(pk=int(reply[:9])).first())

    def _start_with(self, found: CannedReply | None) -> None:
        if found is not None:
            self.initial = {
                **self.initial,
                "decision": found.decision,
                "reason_code": found.reason_code,
                "text": found.text,
            }


def replies(key: Key) -> QuerySet[CannedReply]:
    return CannedReply.objects.filter(Q(key=key) | Q(key="")).order_by("title")


class ReplyForm(forms.Form):
    """A canned reply."""

    title = forms.CharField(label=_("Title"), max_length=100)
    key = forms.ChoiceField(label=_("Key"), required=False, choices=[("", _("any")), *Key.choices])
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[(d.value, d.label) for d in Decision if d is not Decision.APPROVE],
    )
    reason_code = forms.ChoiceField(
        required=False, label=_("Reason"), choices=[("", _("none")), *ReasonCode.choices]
    )
    text = forms.CharField(
        label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 8})
    )


class PolicyForm(forms.Form):
    """The acceptance policy of a track, as JSON; its service knows what it may hold."""

    policy = forms.JSONField(
        label=_("Policy"), widget=forms.Textarea(attrs={"rows": 12, "class": "mono"})
    )
