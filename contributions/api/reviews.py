"""Reviews: the queue of those who turn keys, and their decisions.

By a session, or by a token with the scope review: a leaked token for uploads turns no key.
"""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contributions.api.submission_shapes import ReviewSerializer, SubmissionLineSerializer
from contributions.models import Decision, Key, ReasonCode, ReviewItem
from contributions.services import access, review_queue, reviews
from registry.api.bodies import Body, Nothing, Text
from registry.api.endpoints import Endpoint
from registry.api.filters import Filters
from registry.api.people import known
from registry.models import Repository, User
from registry.services.access import Caller
from registry.services.errors import Forbidden

TAG = ["reviews"]


def reviewer(caller: Caller) -> User:
    """Who may turn keys; whether they have the role is decided by the services."""
    user = known(caller, "review")
    if caller.token is not None and not caller.token.may_review:
        raise Forbidden(
            f"An access token with the scope {caller.token.scope} turns no keys.",
            where="Authorization",
            next="Use one with the scope review, or decide on the submission's page.",
        )
    return user


class ItemSerializer(serializers.Serializer[ReviewItem]):
    id = serializers.IntegerField()
    key = serializers.ChoiceField(Key.choices)
    submission = SubmissionLineSerializer()
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    is_late = serializers.SerializerMethodField()
    risk = serializers.IntegerField(help_text="0 low to 3 high.")
    risk_reasons = serializers.JSONField()
    claimed_by = serializers.CharField(source="claimed_by.username", default=None, allow_null=True)
    claimed_until = serializers.DateTimeField(allow_null=True)

    def get_is_late(self, item: ReviewItem) -> bool:
        return item.due_at < timezone.now()


class DecisionBody(Body):
    key = serializers.ChoiceField(Key.choices)
    decision = serializers.ChoiceField(Decision.choices)
    reason_code = serializers.ChoiceField(
        ReasonCode.choices, required=False, allow_blank=True, default=""
    )
    text = Text(max_length=reviews.TEXT_LENGTH, required=False, allow_blank=True, default="")
    head = Text(
        max_length=40,
        required=False,
        allow_blank=True,
        default="",
        help_text="The revision that was looked at, refused when there is a newer one. "
        "An approval has to name it.",
    )


class ItemFilter(Filters):
    key = django_filters.ChoiceFilter(choices=Key.choices)

    class Meta:
        model = ReviewItem
        fields: ClassVar[list[str]] = []


class ReviewQueue(Endpoint):
    queryset = ReviewItem.objects.none()
    filterset_class = ItemFilter
    ordering = ("due_at", "id")

    @extend_schema(operation_id="reviews_list", responses=ItemSerializer(many=True), tags=TAG)
    def get(self, request: Request) -> Response:
        """What the caller may decide on by their roles, the most urgent first."""
        user = known(self.caller, "see what waits for review")
        rows = review_queue.for_keys(review_queue.keys_of(user), reviewer=user)
        if not access.reviews_with(self.caller):
            seen = Repository.objects.visible_to(user).values("pk")
            rows = rows.filter(submission__repository__in=seen)
        return self.page(
            rows.select_related("submission__discussion"),
            ItemSerializer,
            load=lambda page: access.shown(user, [item.submission for item in page]),
        )


class ClaimReview(Endpoint):
    @extend_schema(
        operation_id="reviews_claim", request=Nothing, responses={200: ItemSerializer}, tags=TAG
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take it for two hours, so that nobody else does the same work."""
        item, user = access.review_item(self.caller, pk), reviewer(self.caller)
        self.read(Nothing)
        return _item(self, review_queue.claim(item, reviewer=user))


class GiveReviewBack(Endpoint):
    @extend_schema(
        operation_id="reviews_give_back", request=Nothing, responses={200: ItemSerializer}, tags=TAG
    )
    def post(self, request: Request, pk: int) -> Response:
        """Leave it to others."""
        item, user = access.review_item(self.caller, pk), reviewer(self.caller)
        self.read(Nothing)
        return _item(self, review_queue.give_back(item, reviewer=user))


def _item(view: Endpoint, item: ReviewItem) -> Response:
    shown: dict[str, Any] = ItemSerializer(item, context=view.get_serializer_context()).data
    return Response(shown)


class ReviewsOfSubmission(Endpoint):
    @extend_schema(
        operation_id="submissions_review",
        request=DecisionBody,
        responses={200: ReviewSerializer},
        tags=TAG,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Decide on one key. Repeating the same decision changes nothing."""
        found = access.submission_for_review(self.caller, pk)
        user = reviewer(self.caller)
        said = self.read(DecisionBody)
        given = reviews.review(
            found,
            reviewer=user,
            key=Key(said.pop("key")),
            decision=Decision(said.pop("decision")),
            **said,
        )
        return Response(ReviewSerializer(given).data)
