"""Submissions: the list, one, a new one from a revision, and what people may do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contributions.api import lookup, submission_detail
from contributions.api.run_shapes import LogSerializer, log_after
from contributions.api.submission_shapes import (
    LINE,
    SubmissionRowSerializer,
    SubmissionSerializer,
    newest_gains,
)
from contributions.models import (
    Outcome,
    PatchKind,
    Run,
    RunStatus,
    Submission,
    SubmissionStatus,
)
from contributions.services import access, actions, revision_offers, submissions
from contributions.services.reviews import TEXT_LENGTH, answer, open_question
from contributions.services.threads import TEXT_LENGTH as COMMENT_LENGTH
from contributions.services.threads import TITLE_LENGTH
from registry.api.bodies import Body, Nothing, Text
from registry.api.endpoints import Endpoint
from registry.api.filters import Filters
from registry.api.repositories import find
from registry.models import RepoType, User
from registry.services.access import Need
from registry.services.errors import Conflict, NotFound, SignInNeeded

TAG = ["submissions"]


class SubmissionFilter(Filters):
    status = django_filters.MultipleChoiceFilter(
        choices=SubmissionStatus.choices, help_text="May be repeated.", distinct=False
    )
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices, method="ended")
    kind = django_filters.ChoiceFilter(choices=PatchKind.choices)
    track = django_filters.CharFilter(method="on_track")
    contributor = django_filters.CharFilter(method="by")
    repository = django_filters.CharFilter(method="to", help_text="namespace/name")
    repo_type = django_filters.ChoiceFilter(
        choices=RepoType.choices, field_name="repository__repo_type"
    )
    mine = django_filters.BooleanFilter(method="own", help_text="Only one's own.")

    class Meta:
        model = Submission
        fields: ClassVar[list[str]] = []

    @extend_schema_field(OpenApiTypes.STR)
    def on_track(self, rows: QuerySet[Any], _: str, name: str) -> QuerySet[Any]:
        return rows.filter(track=lookup.track_id(name, self.request))

    @extend_schema_field(OpenApiTypes.STR)
    def by(self, rows: QuerySet[Any], _: str, name: str) -> QuerySet[Any]:
        return rows.filter(contributor=lookup.user_id(name))

    @extend_schema_field(OpenApiTypes.STR)
    def to(self, rows: QuerySet[Any], _: str, name: str) -> QuerySet[Any]:
        return rows.filter(repository__in=lookup.repository_ids(name))

    def ended(self, rows: QuerySet[Any], _: str, outcome: str) -> QuerySet[Any]:
        return rows.filter(status__in=[s for s in SubmissionStatus if s.outcome == outcome])

    @extend_schema_field(OpenApiTypes.BOOL)
    def own(self, rows: QuerySet[Any], _: str, only: bool) -> QuerySet[Any]:
        if not only:
            return rows
        if not isinstance(self.request.user, User):
            raise SignInNeeded("list your own submissions")
        return rows.filter(contributor=self.request.user)


class OfferBody(Body):
    repository = Text(max_length=200, help_text="namespace/name")
    repo_type = serializers.ChoiceField(RepoType.choices, default=RepoType.MODEL)
    revision = Text(max_length=255, help_text="A commit id, a branch, a tag or refs/pr/N.")
    track = Text(max_length=96, required=False, help_text="The only one, if left out.")
    title = Text(max_length=TITLE_LENGTH, required=False, allow_blank=True, default="")
    description = Text(max_length=COMMENT_LENGTH, required=False, allow_blank=True, default="")
    evaluate = serializers.BooleanField(default=False, help_text="Evaluate a draft as well.")
    draft = serializers.BooleanField(default=False)


class Submissions(Endpoint):
    queryset = Submission.objects.none()
    filterset_class = SubmissionFilter

    @extend_schema(
        operation_id="submissions_list", responses=SubmissionRowSerializer(many=True), tags=TAG
    )
    def get(self, request: Request) -> Response:
        """What was offered, newest first."""
        viewer = self.caller.user
        rows = Submission.objects.visible_to(viewer).values(*LINE)
        return self.page(rows, SubmissionRowSerializer, load=lambda page: _complete(page, viewer))

    @extend_schema(
        operation_id="submissions_create",
        request=OfferBody,
        responses={200: SubmissionSerializer, 201: SubmissionSerializer},
        tags=TAG,
    )
    def post(self, request: Request) -> Response:
        """Offer a revision. 200: it is offered already, by the caller or where they may write."""
        user = self.caller.signed_in("offer a revision")
        wanted = self.read(OfferBody)
        repository = find(
            self.caller, wanted.pop("repo_type"), wanted.pop("repository"), need=Need.PROPOSE
        )
        named = wanted.pop("track", None)
        track = access.track(self.caller, named) if named else None
        offered, is_new = revision_offers.offer_revision(
            repository=repository, author=user, track=track, **wanted
        )
        if is_new:
            shown = submission_detail.new(
                offered, self.caller, description=wanted["description"].strip()
            )
        else:
            shown = submission_detail.whole(offered, self.caller)
        place = request.build_absolute_uri(reverse("work-api:submission", args=[offered.pk]))
        return Response(
            SubmissionSerializer(shown, context=self.get_serializer_context()).data,
            status=201 if is_new else 200,
            headers={"Location": place},
        )


def _complete(page: list[dict[str, Any]], viewer: User | None) -> None:
    """Rows get the newest gain, and lose a track whose model is closed to the viewer."""
    tracks = {row["track__repository"] for row in page} - {None}
    closed = access.models_closed_to(viewer, tracks - {row["repository"] for row in page})
    gains = newest_gains([row["id"] for row in page])
    for row in page:
        row["gain"] = gains.get(row["id"])
        if row["track__repository"] in closed:
            row["track__name"] = None


class OneSubmission(Endpoint):
    @extend_schema(operation_id="submissions_retrieve", responses=SubmissionSerializer, tags=TAG)
    def get(self, request: Request, pk: int) -> Response:
        """One with its runs, findings, scores, keys, reviews and credit."""
        found = access.submission(self.caller, pk)
        same = self.unchanged(*submission_detail.version(found, self.caller))
        return same or _shown(self, found)


def _shown(view: Endpoint, found: Submission) -> Response:
    whole = submission_detail.whole(found, view.caller)
    return Response(SubmissionSerializer(whole, context=view.get_serializer_context()).data)


class SubmissionLog(Endpoint):
    @extend_schema(operation_id="submissions_log", responses=LogSerializer, tags=TAG)
    def get(self, request: Request, pk: int) -> Response:
        """The kept log of the run at work, else of the newest."""
        found = access.submission(self.caller, pk)
        runs = Run.objects.filter(submission=found).on_tracks_visible_to(self.caller.user)
        runs = runs.order_by("-id")
        run = runs.filter(status=RunStatus.RUNNING).first() or runs.first()
        if run is None:
            raise NotFound(f"Submission {pk} has no run yet.", next="Ask again in a moment.")
        return Response(log_after(run, 0))


# --- what people may do to it ------------------------------------------------------------------


class _Action(Endpoint):
    """One verb on a submission, by its contributor or who may write to the repository."""

    def _act(self, pk: int, act: Callable[[Submission, User], object]) -> Response:
        found = access.submission(self.caller, pk, need=Need.WRITE)
        self.read(Nothing)
        act(found, self.caller.signed_in())
        return _shown(self, access.submission(self.caller, pk))


Post = TypeVar("Post", bound=Callable[..., Response])


def _described(verb: str) -> Callable[[Post], Post]:
    return extend_schema(
        operation_id=f"submissions_{verb}",
        request=Nothing,
        responses={200: SubmissionSerializer},
        tags=TAG,
    )


class CancelSubmission(_Action):
    @_described("cancel")
    def post(self, request: Request, pk: int) -> Response:
        """Stop its runs, in whatever state they are."""
        return self._act(pk, lambda found, user: actions.cancel(found, actor=user))


class OpenSubmission(_Action):
    @_described("open")
    def post(self, request: Request, pk: int) -> Response:
        """Open its draft pull request for evaluation and review."""
        return self._act(pk, lambda found, user: actions.open_pull_request(found, actor=user))


class RerunSubmission(_Action):
    @_described("rerun")
    def post(self, request: Request, pk: int) -> Response:
        """Repeat what failed or was cancelled on the current head."""
        return self._act(pk, lambda found, user: submissions.rerun(found, actor=user))


class WithdrawSubmission(_Action):
    @_described("withdraw")
    def post(self, request: Request, pk: int) -> Response:
        """Take the offer back, for good."""
        return self._act(pk, lambda found, user: submissions.withdraw(found, actor=user))


class EvaluateSubmission(_Action):
    @_described("evaluate")
    def post(self, request: Request, pk: int) -> Response:
        """Have a draft evaluated without opening it for review."""
        return self._act(pk, lambda found, user: submissions.request_evaluation(found, actor=user))


class TrackBody(Body):
    track = Text(max_length=96)


class AnswerBody(Body):
    text = Text(max_length=TEXT_LENGTH)


class TrackOfSubmission(Endpoint):
    @extend_schema(
        operation_id="submissions_track",
        request=TrackBody,
        responses={200: SubmissionSerializer},
        tags=TAG,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Choose the track that it is measured on."""
        found = access.submission(self.caller, pk, need=Need.WRITE)
        track = access.track(self.caller, self.read(TrackBody)["track"])
        submissions.choose_track(found, track=track, actor=self.caller.signed_in())
        return _shown(self, access.submission(self.caller, pk))


class AnswerToReview(Endpoint):
    @extend_schema(
        operation_id="submissions_answer",
        request=AnswerBody,
        responses={200: SubmissionSerializer},
        tags=TAG,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Answer the question that a reviewer asked."""
        found = access.submission(self.caller, pk)
        user = self.caller.signed_in("answer")
        question = open_question(found)
        text = self.read(AnswerBody)["text"]
        if question is None:
            raise Conflict("No question waits for an answer.", where=f"submission {pk}")
        answer(question, author=user, text=text)
        return _shown(self, access.submission(self.caller, pk))
