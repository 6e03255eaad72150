"""Repositories: the list with its filters, one of them, a new one."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.bodies import Body, Text
from registry.api.endpoints import Endpoint
from registry.api.filters import Filters
from registry.api.plain import Plain, moment
from registry.models import Repository, RepoType
from registry.models.names import NAME_LENGTH
from registry.services import access, commits, repositories
from registry.services.access import Caller, Need
from registry.services.errors import Moved, NotFound, RevisionNotFound

SORTS = {"updated": ("-updated_at", "-id"), "created": ("-id",), "downloads": ("-downloads", "-id")}


def find(caller: Caller, repo_type: str, full_name: str, *, need: Need = Need.READ) -> Repository:
    """By `namespace/name`; an earlier name leads to it as well."""
    namespace, _, name = full_name.partition("/")
    try:
        return access.repository(caller, repo_type, namespace, name, need=need)
    except Moved as moved:
        access.authorise(caller, moved.repository, need=need)
        return moved.repository


class RepositorySerializer(Plain[Repository]):
    id = serializers.CharField(source="full_name")
    repo_type = serializers.ChoiceField(RepoType.choices)
    url = serializers.SerializerMethodField(help_text="Its page.")
    private = serializers.BooleanField()
    gated = serializers.BooleanField()
    disabled = serializers.BooleanField()
    default_branch = serializers.CharField()
    licence = serializers.SerializerMethodField()
    task = serializers.SerializerMethodField()
    tags = serializers.ListField(child=serializers.CharField())
    downloads = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @staticmethod
    def plain(row: Repository, root: str) -> dict[str, Any]:
        return {
            "id": row.full_name,
            "repo_type": row.repo_type,
            "url": root + row.get_absolute_url(),
            "private": row.private,
            "gated": bool(row.gated),
            "disabled": row.disabled,
            "default_branch": row.default_branch,
            "licence": _word(row.card.get("license")),
            "task": _word(row.card.get("pipeline_tag")),
            "tags": [str(tag) for tag in row.tags],
            "downloads": row.downloads,
            "created_at": moment(row.created_at),
            "updated_at": moment(row.updated_at),
        }

    def get_url(self, repository: Repository) -> str:
        return str(self.context["request"].build_absolute_uri(repository.get_absolute_url()))

    def get_licence(self, repository: Repository) -> str:
        return _word(repository.card.get("license"))

    def get_task(self, repository: Repository) -> str:
        return _word(repository.card.get("pipeline_tag"))


class RepositoryDetailSerializer(RepositorySerializer):
    head = serializers.CharField(allow_blank=True, help_text="Commit of the default branch.")
    card = serializers.DictField(help_text="Front matter of README.md at the default branch.")


def _word(value: Any) -> str:
    """Cards are written by people: what is no word counts as absent."""
    return value if isinstance(value, str) else ""


class RepositoryBody(Body):
    name = Text(max_length=NAME_LENGTH)
    namespace = Text(max_length=NAME_LENGTH, required=False, help_text="One's own, if left out.")
    repo_type = serializers.ChoiceField(RepoType.choices, default=RepoType.MODEL)
    private = serializers.BooleanField(default=False)


class RepositoryFilter(Filters):
    repo_type = django_filters.ChoiceFilter(choices=RepoType.choices)
    namespace = django_filters.CharFilter(field_name="namespace__name", lookup_expr="iexact")
    search = django_filters.CharFilter(method="named", help_text="Part of the name.")
    licence = django_filters.CharFilter(method="licensed", help_text="As in the card: apache-2.0.")
    task = django_filters.CharFilter(method="for_task", help_text="As in the card: pipeline_tag.")
    tag = django_filters.CharFilter(method="tagged")
    sort = django_filters.ChoiceFilter(
        choices=[(key, key) for key in SORTS], method="sorted_elsewhere", help_text="updated first."
    )

    class Meta:
        model = Repository
        fields: list[str] = []

    @extend_schema_field(OpenApiTypes.STR)
    def named(self, rows: QuerySet[Any], _: str, words: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=words) | Q(namespace__name__icontains=words))

    @extend_schema_field(OpenApiTypes.STR)
    def licensed(self, rows: QuerySet[Any], _: str, licence: str) -> QuerySet[Any]:
        return rows.filter(card__license=licence)

    @extend_schema_field(OpenApiTypes.STR)
    def for_task(self, rows: QuerySet[Any], _: str, task: str) -> QuerySet[Any]:
        return rows.filter(tags__contains=[task])

    @extend_schema_field(OpenApiTypes.STR)
    def tagged(self, rows: QuerySet[Any], _: str, tag: str) -> QuerySet[Any]:
        return rows.filter(tags__contains=[tag])

    def sorted_elsewhere(self, rows: QuerySet[Any], _: str, sort: str) -> QuerySet[Any]:
        """Pages are cut along the order, so the view holds it."""
        return rows


class Repositories(Endpoint):
    queryset = Repository.objects.none()
    filterset_class = RepositoryFilter

    @property
    def ordering(self) -> tuple[str, ...]:
        return SORTS.get(self.request.query_params.get("sort", ""), SORTS["updated"])

    @extend_schema(
        operation_id="repositories_list",
        responses=RepositorySerializer(many=True),
        tags=["repositories"],
    )
    def get(self, request: Request) -> Response:
        """Models and datasets that the caller may see."""
        rows = access.visible(self.caller).filter(disabled=False)
        return self.page(rows.select_related("namespace"), RepositorySerializer)

    @extend_schema(
        operation_id="repositories_create",
        request=RepositoryBody,
        responses={201: RepositoryDetailSerializer},
        tags=["repositories"],
    )
    def post(self, request: Request) -> Response:
        """A new repository with its first commit."""
        user = self.caller.signed_in("create a repository")
        wanted = self.read(RepositoryBody)
        namespace = repositories.namespace_for(
            user, wanted.pop("namespace", None), kind=wanted["repo_type"], wanted=wanted["name"]
        )
        made = repositories.create(actor=user, namespace=namespace, **wanted)
        place = reverse("api:repository", args=[made.repo_type, made.namespace.name, made.name])
        return Response(
            _detail(self, made),
            status=201,
            headers={"Location": request.build_absolute_uri(place)},
        )


class OneRepository(Endpoint):
    @extend_schema(
        operation_id="repositories_retrieve",
        responses=RepositoryDetailSerializer,
        tags=["repositories"],
    )
    def get(self, request: Request, repo_type: str, namespace: str, name: str) -> Response:
        """One of them; an earlier name finds it too."""
        if repo_type not in RepoType.values:
            raise NotFound(f"There are no repositories of type {repo_type[:20]}.")
        return Response(_detail(self, find(self.caller, repo_type, f"{namespace}/{name}")))


def _detail(view: Endpoint, repository: Repository) -> Any:
    try:
        head = commits.resolve(repository).oid
    except RevisionNotFound:
        head = ""
    repository.head = head  # type: ignore[attr-defined]
    return RepositoryDetailSerializer(repository, context=view.get_serializer_context()).data
