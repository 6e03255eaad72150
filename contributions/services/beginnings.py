"""New repositories with what belongs into them from the first day."""

from __future__ import annotations

from django.db import transaction

from contributions.models import Task
from contributions.services import licences, pushes, yaml_lines
from registry.models import MemberRole, Namespace, Repository, RepoType, User
from registry.services import repositories
from registry.services.access import Caller
from registry.services.commits import AddFile
from registry.services.errors import Invalid


def places(user: User) -> list[Namespace]:
    """Where somebody may create repositories: their own name first, then organisations."""
    writes = [MemberRole.WRITE, MemberRole.MAINTAINER]
    shared = Namespace.objects.filter(
        organisation__memberships__user=user, organisation__memberships__role__in=writes
    )
    return [user.namespace, *shared.order_by("name")]


@transaction.atomic
def begin_repository(
    *,
    actor: User,
    owner: str,
    name: str,
    repo_type: RepoType,
    private: bool = False,
    licence: str = "",
    task: str = "",
    card: bool = True,
) -> Repository:
    """A repository; with `card`, also README.md and, where its text is known, LICENSE."""
    if licence and not licences.is_choice(licence):
        raise Invalid(f"“{licence[:60]}” is not a licence of the list.", where="licence")
    if task and task not in Task.values:
        raise Invalid(f"“{task[:60]}” is not a task of this site.", where="task")
    namespace = repositories.namespace_for(actor, owner, kind=repo_type, wanted=name)
    repository = repositories.create(
        actor=actor, namespace=namespace, name=name, repo_type=repo_type, private=private
    )
    if card:
        _describe(repository, actor=actor, licence=licence, task=task)
    return repository


def _describe(repository: Repository, *, actor: User, licence: str, task: str) -> None:
    is_model = repository.type is RepoType.MODEL
    values: dict[str, object] = {"license": licence} if licence else {}
    if task:
        values |= {"pipeline_tag": task} if is_model else {"task_categories": [task]}
    body = f"# {repository.name}\n\nWhat this is, where it comes from, and what it is good for.\n"
    files = [AddFile("README.md", yaml_lines.front_matter(body, values).encode())]
    if text := licences.text_of(licence, holder=repository.namespace.name):
        files.append(AddFile("LICENSE", text.encode()))
    to = pushes.destination(
        Caller(user=actor), repository, repository.default_branch, create_pr=False
    )
    to.commit(title="Describe the repository", message="", operations=files, parent=None)
