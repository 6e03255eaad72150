"""Repositories of models and datasets, and what old names lead to."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from registry.models.accounts import (
    MemberRole,
    Namespace,
    Organisation,
    Role,
    RoleGrant,
    User,
)
from registry.models.choices import Choices
from registry.models.names import NAME_LENGTH, validate_name


class RepoType(Choices):
    MODEL = "model", _("model")
    DATASET = "dataset", _("dataset")

    @property
    def plural(self) -> str:
        return f"{self.value}s"

    @property
    def url_prefix(self) -> str:
        """Models live at `/{id}`, datasets at `/datasets/{id}`, as on the Hub."""
        return "" if self is RepoType.MODEL else f"{self.plural}/"


class Gating(Choices):
    OFF = "", _("open")
    AUTO = "auto", _("on request, granted at once")
    MANUAL = "manual", _("on request, granted by the owner")


def visible(user: User | None, *, of: str = "") -> models.Q:
    """The condition of `visible_to`; `of`: for rows that name their repository by this relation."""
    path = f"{of}__" if of else ""
    public = models.Q((f"{path}private", False), (f"{path}disabled", False))
    if user is None:
        return public
    organisations = Organisation.objects.filter(memberships__user=user)
    maintained = Maintainer.objects.filter(user=user)
    return (
        public
        | models.Q((f"{path}namespace", user.namespace_id))
        | models.Q((f"{path}namespace__in", organisations.values("namespace")))
        | models.Q((f"{of or 'pk'}__in", maintained.values("repository")))
    )


def may_open(user: User | None, *, of: str = "") -> models.Q:
    """The condition of `open_to`, which is for pages and answers about one thing."""
    if user is None:
        return visible(None, of=of)
    operator = RoleGrant.objects.filter(user=user, role=Role.OPERATOR)
    return visible(user, of=of) | models.Q(models.Exists(operator))


class RepositoryQuerySet(models.QuerySet["Repository"]):
    def visible_to(self, user: User | None) -> RepositoryQuerySet:
        """What `user` (None: anonymous) may know to exist.

        Short lists of one's own, looked up once: no join makes a row appear twice or has all
        rows sorted.
        """
        return self.filter(visible(user))

    def keys_open_to(self, user: User | None) -> frozenset[int]:
        """The ids of those of a few that `user` may open; most are public, and asked for once."""
        found = list(self.values_list("pk", "private", "disabled"))
        closed = {pk for pk, private, disabled in found if private or disabled}
        opened = {pk for pk, *_ in found} - closed
        if closed and user is not None:
            own = Repository.objects.open_to(user).filter(pk__in=closed)
            opened |= set(own.values_list("pk", flat=True))
        return frozenset(opened)

    def open_to(self, user: User | None) -> RepositoryQuerySet:
        """What `user` may open when they ask for it: operators all, beside what lists show them."""
        return self.filter(may_open(user))

    def named(self, repo_type: str, namespace: str, name: str) -> RepositoryQuerySet:
        return self.filter(
            repo_type=repo_type, namespace__name__iexact=namespace, name__iexact=name
        )


class Repository(models.Model):
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="repositories")
    name = models.CharField(max_length=NAME_LENGTH, validators=[validate_name])
    repo_type = models.CharField(max_length=8, choices=RepoType.choices)
    private = models.BooleanField(default=False)
    gated = models.CharField(max_length=8, choices=Gating.choices, blank=True, default="")
    disabled = models.BooleanField(default=False)
    default_branch = models.CharField(max_length=255, default="main")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now_add=True)
    downloads = models.BigIntegerField(default=0)
    # A projection of the card at main, written with every commit there, so that lists and
    # filters need not read files.
    card = models.JSONField(default=dict, blank=True)
    tags = models.JSONField(default=list, blank=True)
    # One counter for discussions and pull requests, taken under a row lock.
    last_discussion = models.PositiveIntegerField(default=0)

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "repositories"
        constraints = [
            models.UniqueConstraint(
                "namespace", "repo_type", Lower("name"), name="repository_name_unique_any_case"
            )
        ]
        indexes = [
            models.Index(fields=["repo_type", "-updated_at"]),
            models.Index(fields=["-updated_at", "-id"]),
            models.Index(fields=["repo_type", "-downloads"]),
            GinIndex(fields=["tags"], opclasses=["jsonb_path_ops"], name="repository_tags"),
        ]

    def __str__(self) -> str:
        return self.full_name

    def get_absolute_url(self) -> str:
        return f"/{self.path}"

    @property
    def full_name(self) -> str:
        """`namespace/name`, the repository id of the Hub protocol."""
        return f"{self.namespace.name}/{self.name}"

    @property
    def type(self) -> RepoType:
        return RepoType(self.repo_type)

    @property
    def path(self) -> str:
        """Path below the site's root, without a slash in front."""
        return f"{self.type.url_prefix}{self.full_name}"


class Maintainer(models.Model):
    """A role on one repository for somebody outside its namespace."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="maintainers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="maintained")
    role = models.CharField(
        max_length=12, choices=MemberRole.choices, default=MemberRole.MAINTAINER
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "user"], name="maintainer_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.repository}: {self.role}"


class Redirect(models.Model):
    """An old repository id that leads to the new one after a rename or move."""

    repo_type = models.CharField(max_length=8, choices=RepoType.choices)
    namespace_name = models.CharField(max_length=NAME_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="redirects")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "repo_type",
                Lower("namespace_name"),
                Lower("name"),
                name="redirect_unique_any_case",
            )
        ]

    def __str__(self) -> str:
        return f"{self.namespace_name}/{self.name} → {self.repository}"
