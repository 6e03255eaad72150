"""The only way to get a repository: to fetch is to authorise."""

from __future__ import annotations

import dataclasses
import enum

from django.db.models import CharField, F, Value

from registry.models import (
    AccessToken,
    Maintainer,
    MemberRole,
    Membership,
    Namespace,
    Redirect,
    Repository,
    Role,
    RoleGrant,
    User,
)
from registry.models.repositories import RepositoryQuerySet
from registry.services.errors import (
    DisabledRepo,
    Forbidden,
    GatedRepo,
    Moved,
    RepoNotFound,
    SignInNeeded,
)


class Need(enum.Enum):
    READ = "see it"
    CONTENT = "read its files"
    PROPOSE = "open a pull request"
    WRITE = "change it"
    ADMIN = "administer it"

    @property
    def is_write(self) -> bool:
        return self in {Need.PROPOSE, Need.WRITE, Need.ADMIN}


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who asks: nobody, a signed-in person (no token), or a token's owner."""

    user: User | None = None
    token: AccessToken | None = None

    @property
    def is_anonymous(self) -> bool:
        return self.user is None

    @property
    def may_write_scope(self) -> bool:
        return self.user is not None and (self.token is None or self.token.may_write)

    def signed_in(self, what: str = "do this") -> User:
        """The user, who must be known and whose token must allow writing."""
        if self.user is None:
            raise SignInNeeded(what)
        if self.token is not None and not self.token.may_write:
            raise Forbidden(
                f"An access token with the scope {self.token.scope} cannot {what}.",
                next="Use a token with the scope write.",
            )
        return self.user

    def maintaining(self, what: str) -> User:
        """The user, who must be known, by session or by a token made for it."""
        if self.user is None:
            raise SignInNeeded(what)
        if self.token is not None and not self.token.may_maintain:
            raise Forbidden(
                f"An access token with the scope {self.token.scope} cannot {what}.",
                where="Authorization",
                next="Use one with the scope maintain, or the page of the track.",
            )
        return self.user


ANONYMOUS = Caller()
_RANK = {MemberRole.READ: 1, MemberRole.WRITE: 2, MemberRole.MAINTAINER: 3}


def role_on(user: User | None, repository: Repository) -> MemberRole | None:
    """The strongest role of `user` on the repository; an operator counts as maintainer."""
    return _role(user, repository.namespace_id, repository.pk)


def role_in(user: User | None, namespace: Namespace) -> MemberRole | None:
    """The same for a whole namespace."""
    return _role(user, namespace.pk, 0)


def _role(user: User | None, namespace_id: int, repository_id: int) -> MemberRole | None:
    if user is None or not user.is_active:
        return None
    if user.namespace_id == namespace_id:
        return MemberRole.MAINTAINER
    member = Membership.objects.filter(
        user=user, organisation__namespace_id=namespace_id
    ).values_list(F("role"))
    operator = RoleGrant.objects.filter(user=user, role=Role.OPERATOR).values_list(
        Value(MemberRole.MAINTAINER.value, output_field=CharField())
    )
    named = Maintainer.objects.filter(user=user, repository_id=repository_id).values_list(F("role"))
    found = [MemberRole(row[0]) for row in member.union(operator, named, all=True)]
    return max(found, key=lambda role: _RANK[role], default=None)


def can_write(user: User | None, repository: Repository) -> bool:
    return role_on(user, repository) in {MemberRole.WRITE, MemberRole.MAINTAINER}


def is_maintainer(user: User | None, repository: Repository) -> bool:
    return role_on(user, repository) is MemberRole.MAINTAINER


def may_write_in(user: User | None, namespace: Namespace) -> bool:
    """May create repositories there."""
    return role_in(user, namespace) in {MemberRole.WRITE, MemberRole.MAINTAINER}


def visible(caller: Caller) -> RepositoryQuerySet:
    """Every repository that the caller may know of, for lists."""
    return Repository.objects.visible_to(caller.user)


def repository(
    caller: Caller, repo_type: str, namespace: str, name: str, *, need: Need = Need.READ
) -> Repository:
    """The repository, if the caller may do what is needed. Raises Moved for an old name."""
    found = Repository.objects.select_related("namespace").named(repo_type, namespace, name).first()
    if found is None:
        _follow_redirect(caller, repo_type, namespace, name)
        raise RepoNotFound(anonymous=caller.is_anonymous)
    authorise(caller, found, need=need)
    return found


def _follow_redirect(caller: Caller, repo_type: str, namespace: str, name: str) -> None:
    """A redirect tells nobody of a repository that they may not see."""
    old = (
        Redirect.objects.select_related("repository__namespace")
        .filter(repo_type=repo_type, namespace_name__iexact=namespace, name__iexact=name)
        .first()
    )
    if old is not None:
        authorise(caller, old.repository, need=Need.READ)
        raise Moved(old.repository)


def authorise(caller: Caller, repository: Repository, *, need: Need) -> None:
    """Refuse, in the words of the protocol, what the caller may not do here."""
    open_to_all = not repository.private and not repository.disabled
    reading = need is Need.READ or (need is Need.CONTENT and not repository.gated)
    if open_to_all and reading:
        return
    role = role_on(caller.user, repository)
    if role is None and not open_to_all:
        if repository.disabled and not repository.private:
            raise DisabledRepo
        raise RepoNotFound(anonymous=caller.is_anonymous)
    if reading:
        return
    if need is not Need.CONTENT:
        caller.signed_in(need.value)
    if role is None and repository.gated:
        raise GatedRepo(repository, anonymous=caller.is_anonymous)
    if need is Need.WRITE and role not in {MemberRole.WRITE, MemberRole.MAINTAINER}:
        raise Forbidden(
            f"You may not write to {repository.full_name}.",
            next="Open a pull request instead: add --create-pr (or create_pr=True).",
        )
    if need is Need.ADMIN and role is not MemberRole.MAINTAINER:
        raise Forbidden(
            f"You may not administer {repository.full_name}.", next="Ask one of its maintainers."
        )
