"""Forms of the pages: they parse, services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contributions.models import Decision, Key, ReasonCode, Submission, Track
from contributions.services import track_choice
from registry.models import User


class ReviewForm(forms.Form):
    key = forms.TypedChoiceField(coerce=Key, label=_("Key"))
    decision = forms.TypedChoiceField(
        coerce=Decision,
        choices=[("", _("choose one")), *((d.value, d.label) for d in Decision)],
        label=_("Decision"),
    )
    reason_code = forms.ChoiceField(
        choices=[("", _("none")), *ReasonCode.choices], required=False, label=_("Reason")
    )
    text = forms.CharField(
        required=False,
        max_length=10_000,
        label=_("What the contributor should know"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    # The revision that was looked at: a decision on an older one is refused.
    head = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, submission: Submission, reviewer: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["head"].initial = submission.head_revision
        held = set(reviewer.role_grants.values_list("role", flat=True))
        key = self.fields["key"]
        assert isinstance(key, forms.ChoiceField)
        key.choices = [(k.value, k.label) for k in Key if k.role in held]

    @property
    def has_keys(self) -> bool:
        key = self.fields["key"]
        assert isinstance(key, forms.ChoiceField)
        return bool(key.choices)


class TrackForm(forms.Form):
    """The tracks that a submission may be measured on."""

    track = forms.ModelChoiceField(
        queryset=Track.objects.none(), to_field_name="name", label=_("Track")
    )

    def __init__(self, submission: Submission, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        track = self.fields["track"]
        assert isinstance(track, forms.ModelChoiceField)
        track.queryset = track_choice.candidates(submission).order_by("name")


class CommentForm(forms.Form):
    comment = forms.CharField(
        max_length=65_536, label=_("Your comment"), widget=forms.Textarea(attrs={"rows": 4})
    )


class DiscussionForm(forms.Form):
    title = forms.CharField(max_length=255, label=_("Title"))
    description = forms.CharField(
        label=_("Description"),
        max_length=65_536,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
