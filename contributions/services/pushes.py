"""Where a push goes: a branch, a pull request, or a new pull request; and who may send it there.

`destination` refuses before the body is read; `Destination.commit` stores what was read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from contributions.models import Discussion
from contributions.services import access, protection, pull_requests, submissions
from registry.models import Repository, Revision, User
from registry.services import commits, refs
from registry.services.access import Caller, Need, authorise
from registry.services.commits import Operation
from registry.services.errors import NotFound, RevisionNotFound

_PULL = re.compile(r"refs/pr/([1-9][0-9]{0,8})")


@dataclass(frozen=True)
class Destination:
    """`discussion`: an existing pull request; `proposes`: a new one, based on `branch`."""

    repository: Repository
    user: User
    branch: str = ""
    discussion: Discussion | None = None
    proposes: bool = False

    @transaction.atomic
    def commit(
        self, *, title: str, message: str, operations: Sequence[Operation], parent: str | None
    ) -> tuple[Revision, Discussion | None]:
        if self.proposes:
            opened, revision = pull_requests.propose(
                repository=self.repository,
                author=self.user,
                operations=operations,
                title=title,
                message=message,
                base_branch=self.branch,
                parent=parent,
            )
            return revision, opened
        if self.discussion is not None:
            revision = pull_requests.push(
                self.discussion,
                actor=self.user,
                operations=operations,
                parent=parent,
                title=title,
                message=message,
            )
            return revision, self.discussion
        return self._to_branch(title, message, operations, parent), None

    def _to_branch(
        self, title: str, message: str, operations: Sequence[Operation], parent: str | None
    ) -> Revision:
        protection.refuse_if_protected(self.repository, self.branch)
        revision = commits.commit(
            self.repository,
            ref=self.branch,
            author=self.user,
            title=title,
            message=message,
            operations=operations,
            parent=parent,
        )
        if self.branch == refs.head(self.repository.default_branch):
            submissions.first_revision(self.repository, revision=revision, actor=self.user)
        return revision


def destination(
    caller: Caller, repository: Repository, rev: str, *, create_pr: bool
) -> Destination:
    user = caller.signed_in("commit")
    if pull := _PULL.fullmatch(rev):
        if create_pr:
            raise RevisionNotFound(rev, where=repository.full_name)
        return Destination(repository, user, discussion=_pull_request(caller, repository, pull[1]))
    authorise(caller, repository, need=Need.PROPOSE if create_pr else Need.WRITE)
    branch = refs.head(rev)
    if not branch.startswith(refs.HEADS) or refs.current(repository, branch) is None:
        raise RevisionNotFound(rev, where=repository.full_name)
    if not create_pr:
        protection.refuse_if_protected(repository, branch)
    return Destination(repository, user, branch=branch, proposes=create_pr)


def _pull_request(caller: Caller, repository: Repository, num: str) -> Discussion:
    """Its author may push, and who may write to the repository."""
    try:
        found = access.discussion(caller, repository, int(num), need=Need.WRITE)
    except NotFound as absent:
        raise RevisionNotFound(f"refs/pr/{num}", where=repository.full_name) from absent
    if not found.is_pull_request:
        raise RevisionNotFound(f"refs/pr/{num}", where=repository.full_name)
    return found
