"""A community of any size in an empty database, in minutes: for the benchmarks of pages and API.

One small site is made by the services, so that cards, files and pull requests are real; the rest
are rows that look like it, written by the database itself. Everything follows from numbers: two
communities of one size are the same.
"""

from __future__ import annotations

from django.db import connection, transaction

from benchmarks.community import work
from benchmarks.community.bulk import below, fill, go_on_counting, numbers, pick
from benchmarks.community.sizes import FIRST, TASKS, Size, Template
from contributions.services import search_index
from registry.models import (
    Event,
    MemberRole,
    Membership,
    Namespace,
    Organisation,
    PathChange,
    Ref,
    Repository,
    Revision,
    Role,
    User,
)
from registry.services import accounts, commits, refs, repositories
from registry.services.commits import AddFile

PASSWORD = "correct horse battery"
_LICENCES = ["apache-2.0", "mit", "cc-by-4.0", "bsd-3-clause", "cc-by-sa-4.0", "openrail"]
_LANGUAGES = ["en", "zh", "de", "fr", "es", "ja", "hi", "ar"]
_ADJECTIVES = "small fast robust tiny deep calm bright plain noisy sparse dense open".split()  # noqa: SIM905
_NOUNS = "digits reviews names tables faces leaves letters orders maps birds news mails".split()  # noqa: SIM905
_CARD = """---
license: apache-2.0
pipeline_tag: image-classification
language: en
---
# A model of the community

Reads what it is given. **Trained** on public data.

| split | examples |
| --- | --- |
| train | 1000 |
| test | 797 |
"""


def build(size: Size) -> Template:
    """Fills the database of this process; it has to be migrated and empty."""
    template = _template()
    # No check of each row against each table it names: the rows are made to fit.
    with transaction.atomic():
        _people(size)
        _repositories(size, template)
        work.offers(size, template)
        work.measurements(size)
        work.decisions(size)
        work.news(size)
        go_on_counting()
        search_index.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return template


def _template() -> Template:
    owner = accounts.ensure_user(
        name="founder", password=PASSWORD, roles=[Role.OPERATOR, Role.LICENCE_REVIEWER]
    )
    made = {
        kind: repositories.create(
            actor=owner, namespace=owner.namespace, name=f"first-{kind}", repo_type=kind
        )
        for kind in ("model", "dataset")
    }
    model, data = made["model"], made["dataset"]

    def commit(repository: Repository, *files: tuple[str, bytes], ref: str = "") -> Revision:
        return commits.commit(
            repository,
            ref=ref or "refs/heads/main",
            author=owner,
            title="Upload",
            operations=[AddFile(path, content) for path, content in files],
            create_ref=bool(ref),
            parent=refs.resolve(repository).oid if ref else None,
        )

    main = commit(
        model,
        ("README.md", _CARD.encode()),
        ("config.json", b'{"model_type": "vit"}\n'),
        ("recipe.yaml", b"version: 1\nmethod: full\n"),
        ("model.safetensors", bytes(range(256)) * 40),
        ("docs/made.md", b"# How it was made\n"),
    )
    rows = commit(data, ("README.md", _CARD.encode()), ("data/train.csv", b"text,label\na,0\n"))
    proposed = commit(model, ("model.safetensors", b"w" * 900), ref="refs/heads/proposal")
    return Template(owner, model, main, rows, proposed)


def _people(size: Size) -> None:
    name = f"{pick(_ADJECTIVES, 1)} || '-' || {pick(_NOUNS, 2)} || '-' || n"
    fill(
        Namespace,
        numbers(size.users),
        id=f"n + {FIRST}",
        name=name,
        kind="'user'",
        created_at=f"now() - interval '1 day' * {below(700, 3)}",
    )
    fill(
        User,
        numbers(size.users),
        id=f"n + {FIRST}",
        username=name,
        namespace_id=f"n + {FIRST}",
        fullname=f"CASE WHEN n % 3 = 0 THEN initcap({name}) ELSE '' END",
        email="'person' || n || '@example.org'",
        password="'!'",
        is_active="true",
    )
    first = FIRST + size.users
    fill(
        Namespace,
        numbers(size.organisations),
        id=f"n + {first}",
        name=f"'lab-' || {pick(_NOUNS, 4)} || '-' || n",
        kind="'org'",
    )
    fill(
        Organisation,
        numbers(size.organisations),
        id=f"n + {FIRST}",
        namespace_id=f"n + {first}",
        fullname="'The laboratory ' || n",
    )
    fill(
        Membership,
        f"generate_series(1, {size.users // 4}) AS n",
        organisation_id=f"1 + {FIRST} + n % {size.organisations}",
        user_id=f"{FIRST} + n",
        role=pick([MemberRole.READ.value, MemberRole.WRITE.value, MemberRole.MAINTAINER.value], 5),
    )


def _repositories(size: Size, template: Template) -> None:
    """Models first; one in twenty is private, and so is every held-out dataset."""
    count = size.models + size.datasets
    is_model = f"n <= {size.models}"
    task, licence, language = pick(TASKS, 8), pick(_LICENCES, 9), pick(_LANGUAGES, 10)
    library = pick(["transformers", "peft", "timm"], 11)
    in_organisation = f"n % 5 = 0 THEN {FIRST + size.users} + 1 + n % {size.organisations}"
    fill(
        Repository,
        numbers(count),
        id=f"n + {FIRST}",
        name=f"{pick(_NOUNS, 6)} || '-' || {pick(_ADJECTIVES, 7)} || '-' || n",
        namespace_id=f"CASE WHEN {in_organisation} ELSE {FIRST} + 1 + n % {size.users} END",
        repo_type=f"CASE WHEN {is_model} THEN 'model' ELSE 'dataset' END",
        private=f"(n > {2 * size.tracks} AND n % 20 = 0) OR "
        f"(n > {size.models} AND n <= {size.models + size.tracks})",
        created_by_id=f"{FIRST} + 1 + n % {size.users}",
        updated_at=f"now() - interval '1 minute' * {below(500_000, 12)}",
        created_at="now() - interval '700 days'",
        downloads=f"power({below(1000, 13)}, 2)::bigint",
        card=f"jsonb_build_object('license', {licence}, 'pipeline_tag', {task}, "
        f"'language', {language}, 'library_name', {library}) || CASE WHEN n % 4 = 0 THEN "
        "jsonb_build_object('base_model', 'founder/first-model') ELSE '{}'::jsonb END",
        tags=f"jsonb_build_array({library}, {task}, 'license:' || {licence}, "
        f"'language:' || {language})",
        last_discussion="0",
    )
    main = f"CASE WHEN {is_model} THEN '{template.main.oid}' ELSE '{template.data.oid}' END"
    tree = f"CASE WHEN {is_model} THEN '{template.main.tree}' ELSE '{template.data.tree}' END"
    author = f"{FIRST} + 1 + n % {size.users}"
    fill(
        Revision,
        numbers(count),
        id=f"n + {FIRST}",
        repository_id=f"n + {FIRST}",
        oid=main,
        tree=tree,
        author_id=author,
        title="'Upload'",
        created_at="now() - interval '300 days'",
        generation="0",
    )
    fill(Ref, numbers(count), repository_id=f"n + {FIRST}", name="'refs/heads/main'", oid=main)
    paths = f"registry_pathchange c CROSS JOIN {numbers(count)} WHERE c.revision_id = "
    fill(
        PathChange,
        f"{paths} CASE WHEN {is_model} THEN {template.main.pk} ELSE {template.data.pk} END",
        revision_id=f"n + {FIRST}",
        path="c.path",
        oid="c.oid",
        size="c.size",
        sha256="c.sha256",
    )
    fill(
        Event,
        numbers(count),
        verb="'repository.created'",
        actor_id=author,
        repository_id=f"n + {FIRST}",
    )
