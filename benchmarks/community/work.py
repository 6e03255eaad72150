"""What the people of the benchmarks' community do: offers, runs, scores, reviews, releases."""

from __future__ import annotations

from benchmarks.community.bulk import below, fill, numbers, oid, pick, run_sql, share
from benchmarks.community.sizes import FIRST, TASKS, Size, Template
from contributions.models import (
    Attempt,
    Benchmark,
    Comparison,
    Credit,
    Discussion,
    DiscussionEvent,
    Finding,
    Notification,
    NotificationKind,
    Release,
    ReleasePatch,
    Review,
    ReviewItem,
    Run,
    Score,
    Submission,
    Track,
    TrackDataset,
)
from registry.models import Event, PathChange, Ref, Revision

# Of a hundred submissions on a track: most are over, some wait, a few are at work.
_STATUSES = (
    ["released"] * 22
    + ["published"] * 10
    + ["not-admitted"] * 24
    + ["refused"] * 14
    + ["failed"] * 5
    + ["withdrawn"] * 5
    + ["rejected"] * 4
    + ["approved"] * 4
    + ["in-review"] * 4
    + ["changes-requested"] * 3
    + ["needs-info"] * 2
    + ["cancelled", "draft"]
)
_MEASURED = "('released', 'published', 'not-admitted', 'approved', 'in-review', 'rejected')"
_MERGED = "('released', 'published')"
_POOL = "('released', 'published', 'not-admitted')"
_WORDS = "longer warm-up cosine schedule augmentation adapter slanted clean rows labels".split()  # noqa: SIM905
_VERBS = ["Train with", "Try", "Mend", "Add", "Tune", "Drop", "改进"]
_PATCHES = 40  # in one release
_MEASURES = "(VALUES ('loss'), ('accuracy'), ('f1_macro')) AS m(measure)"
_SPLITS = "(VALUES ('V'), ('T')) AS s(split)"
_BY_CLASS = (
    """'{"0": {"precision": 0.9, "recall": 0.91, "f1-score": 0.9, "support": 24.0}}'::jsonb"""
)


def offers(size: Size, template: Template) -> None:
    """Tracks, and every pull request with its commit, its thread and its submission."""
    _tracks(size, template)
    _plan(size)
    title = f"{pick(_VERBS, 21)} || ' ' || {pick(_WORDS, 22)} || ' and ' || {pick(_WORDS, 23)}"
    fill(
        Discussion,
        "offer",
        id=f"n + {FIRST}",
        repository_id="repository_id",
        num="num",
        title=title,
        is_pull_request="pull",
        author_id="person_id",
        base_branch="CASE WHEN pull THEN 'refs/heads/main' ELSE '' END",
        base_oid=f"CASE WHEN pull THEN '{template.main.oid}' ELSE '' END",
        status=f"CASE WHEN status IN {_MERGED} THEN 'merged' WHEN status IN "
        "('withdrawn', 'rejected', 'not-admitted') THEN 'closed' ELSE 'open' END",
        created_at="at",
    )
    fill(
        DiscussionEvent,
        "offer",
        discussion_id=f"n + {FIRST}",
        kind="'comment'",
        author_id="person_id",
        text="'What it does, and **why**: see the card. Number ' || n",
        created_at="at",
    )
    made = "offer WHERE pull"
    fill(
        Revision,
        made,
        id=f"n + {FIRST} + 1000000",
        repository_id="repository_id",
        oid="head",
        tree=f"'{template.proposed.tree}'",
        parents=f"jsonb_build_array('{template.main.oid}')",
        author_id="person_id",
        title=title,
        created_at="at",
        generation="1",
    )
    fill(Ref, made, repository_id="repository_id", name="'refs/pr/' || num", oid="head")
    fill(
        PathChange,
        f"offer CROSS JOIN registry_pathchange c WHERE pull AND c.revision_id = "
        f"{template.proposed.pk}",
        revision_id=f"n + {FIRST} + 1000000",
        path="c.path",
        oid="c.oid",
        size="c.size",
        sha256="c.sha256",
    )
    fill(
        Submission,
        made,
        id=f"n + {FIRST}",
        repository_id="repository_id",
        discussion_id=f"n + {FIRST}",
        track_id="track_id",
        contributor_id="person_id",
        title=title,
        kind=pick(["weights", "adapter", "recipe", "data"], 24),
        base_revision=f"'{template.main.oid}'",
        head_revision="head",
        artifact_revision="head",
        status="status",
        status_reason="CASE WHEN status = 'refused' THEN 'A pickle can run code.' ELSE '' END",
        status_since="at + interval '1 hour'",
        created_at="at",
    )


def _tracks(size: Size, template: Template) -> None:
    datasets, every = FIRST + size.models, numbers(size.tracks)
    rows = "(SELECT jsonb_agg(i) FROM generate_series({}, {}) AS i)"
    fill(
        Benchmark,
        every,
        id=f"n + {FIRST}",
        name="'held-out-' || n",
        task=f"({pick(TASKS, 20)})",
        dataset_id=f"n + {datasets}",
        revision=f"'{template.data.oid}'",
        path="'data'",
        metric="'accuracy'",
        split_m=rows.format(0, 319),
        split_v=rows.format(320, 559),
        split_t=rows.format(560, 799),
        digest=oid("'benchmark' || n"),
    )
    fill(
        Track,
        every,
        id=f"n + {FIRST}",
        repository_id=f"n + {FIRST}",
        name="'track-' || n",
        title="'The task number ' || n",
        task=f"({pick(TASKS, 20)})",
        status="CASE WHEN n % 10 = 9 THEN 'closed' ELSE 'open' END",
        base_revision=f"'{template.main.oid}'",
        base_digest=oid("'base' || n"),
        temperature="1.1",
        benchmark_id=f"n + {FIRST}",
        metric="'accuracy'",
        created_by_id=str(template.owner.pk),
    )
    fill(
        TrackDataset,
        every,
        track_id=f"n + {FIRST}",
        dataset_id=f"n + {datasets + size.tracks}",
        revision=f"'{template.data.oid}'",
        path="'data'",
    )


def _plan(size: Size) -> None:
    """Who offers what where and when; the first tracks are by far the busiest."""
    count, issues = size.submissions, size.issues
    track = f"1 + floor({size.tracks} * power({share(30)}, 2.5))::int"
    public = f"{size.tracks} + 1 + {below(size.tracks, 32)}"  # a model without a track
    person = f"{FIRST} + 1 + floor({size.users} * power({share(33)}, 2))::int"
    run_sql(
        f"""
        CREATE TEMP TABLE offer ON COMMIT DROP AS
        SELECT *, {oid("'head' || n")} AS head,
            row_number() OVER (PARTITION BY repository_id ORDER BY n)::int AS num
        FROM (
            SELECT n, n <= {count} AS pull,
                {FIRST} + CASE WHEN {share(31)} < 0.9 THEN {track} ELSE {public} END
                    AS repository_id,
                CASE WHEN {share(31)} < 0.9 THEN {FIRST} + {track} END AS track_id,
                {person} AS person_id,
                CASE WHEN n > {count} THEN 'open'
                    WHEN {share(31)} >= 0.9 THEN 'needs-track'
                    WHEN n > {count} - {max(count // 500, 4)}
                    THEN {pick(["queued", "training", "benchmarking", "checking"], 34)}
                    ELSE {pick(_STATUSES, 35)} END AS status,
                now() - interval '600 days' * (1 - n::float / {count + 1}) AS at
            FROM {numbers(count)}
            UNION ALL
            SELECT {count} + n, false, {FIRST} + 1 + {below(size.models, 36)}, NULL, {person},
                'open', now() - interval '1 hour' * n
            FROM {numbers(issues)}
        ) AS planned
        """
    )
    run_sql("CREATE INDEX ON offer (track_id); ANALYZE offer")
    run_sql(
        "UPDATE registry_repository r SET last_discussion = o.num FROM (SELECT repository_id, "
        "max(num) AS num FROM offer GROUP BY 1) o WHERE o.repository_id = r.id"
    )


def measurements(size: Size) -> None:
    """A check of everything, a benchmark of what was measured: ten scores each, six intervals."""
    check, bench = 0, 1_000_000
    for kind, shift, condition in (
        ("check", check, "pull"),
        ("benchmark", bench, f"pull AND status IN {_MEASURED}"),
    ):
        fill(
            Run,
            f"offer WHERE {condition} AND status NOT IN ('queued', 'checking')",
            id=f"n + {FIRST + shift}",
            kind=f"'{kind}'",
            status="CASE WHEN status IN ('training', 'benchmarking') THEN 'running' "
            "ELSE 'succeeded' END",
            submission_id=f"n + {FIRST}",
            track_id="track_id",
            contributor_id="person_id",
            head_revision="head",
            attempt="1",
            worker="'cpu-1@worker'",
            started_at="at + interval '1 minute'",
            heartbeat_at="at + interval '2 minutes'",
            finished_at="at + interval '3 minutes'",
            log=f"repeat('a line of the log of a {kind}' || chr(10), 20)",
            plan='\'{"role": "candidate"}\'::jsonb',
            sandbox="'bubblewrap'",
            created_at="at",
        )
    fill(
        Attempt,
        "contributions_run r",
        run_id="r.id",
        number="1",
        worker="'cpu-1@worker'",
        started_at="r.started_at",
        seconds="42",
    )
    fill(
        Finding,
        "offer WHERE status = 'refused' AND pull",
        submission_id=f"n + {FIRST}",
        run_id=f"n + {FIRST + check}",
        rule="'pickle'",
        severity="'block'",
        path="'pytorch_model.bin'",
        message="'A pickle can run code when it is loaded.'",
    )
    _scores(size, bench)


def _scores(size: Size, bench: int) -> None:
    base = f"{numbers(size.tracks)} CROSS JOIN {_SPLITS}"
    first_run = f"(SELECT min(id) FROM contributions_run WHERE id > {FIRST + bench})"
    common = {
        "metrics": '\'{"accuracy": 0.91, "f1_macro": 0.9}\'::jsonb',
        "report": _BY_CLASS,
        "examples": "240",
        "split": "s.split",
    }
    number = "CASE s.split WHEN 'V' THEN 0 ELSE 1 END"
    fill(
        Score,
        base,
        id=f"{FIRST} + 2 * n + {number}",
        model_digest=oid("'base' || n"),
        benchmark_id=f"n + {FIRST}",
        harness="'commonweight 1'",
        run_id=first_run,
        loss="0.412",
        **common,
    )
    # Measured again by every version of the benchmark program.
    measured = f"offer o CROSS JOIN {_SPLITS} CROSS JOIN generate_series(1, 9) AS h"
    wanted = f"o.pull AND o.status IN {_MEASURED} AND o.track_id IS NOT NULL"
    fill(
        Score,
        f"{measured} WHERE {wanted}",
        id=f"{FIRST} + 1000000 + 20 * o.n + 2 * h + {number}",
        model_digest="o.head",
        benchmark_id="o.track_id",
        harness="'commonweight ' || h",
        run_id=f"o.n + {FIRST + bench}",
        loss=f"0.2 + 0.3 * {share(40, 'o.n')}",
        **common,
    )
    gain = f"(0.1 * {share(41, 'o.n')} - 0.03)"
    fill(
        Comparison,
        f"offer o CROSS JOIN {_SPLITS} CROSS JOIN {_MEASURES} WHERE {wanted}",
        submission_id=f"o.n + {FIRST}",
        run_id=f"o.n + {FIRST + bench}",
        split="s.split",
        measure="m.measure",
        candidate_id=f"{FIRST} + 1000000 + 20 * o.n + 18 + {number}",
        reference_id=f"2 * o.track_id - {FIRST} + {number}",
        difference=gain,
        low=f"{gain} - 0.02",
        high=f"{gain} + 0.02",
    )


def decisions(size: Size) -> None:
    """Keys turned, the queue of those that wait, releases with their pools and credit."""
    keys = "(VALUES ('licence'), ('privacy')) AS k(key)"
    decided = f"offer CROSS JOIN {keys} WHERE pull AND status IN {_MERGED}"
    reviewer = f"{FIRST} + 1 + n % 20"
    fill(
        Review,
        decided,
        submission_id=f"n + {FIRST}",
        key="k.key",
        decision="'approve'",
        reviewer_id=reviewer,
        revision="head",
        created_at="at + interval '1 day'",
    )
    fill(
        ReviewItem,
        f"offer CROSS JOIN {keys} WHERE pull AND status = 'in-review'",
        submission_id=f"n + {FIRST}",
        key="k.key",
        opened_at="at",
        due_at="at + interval '7 days'",
    )
    run_sql(
        f"CREATE TEMP TABLE pool ON COMMIT DROP AS SELECT *, ((row_number() OVER (PARTITION BY "
        f"track_id ORDER BY n) - 1) / {_PATCHES} + 1)::int AS number FROM offer "
        f"WHERE pull AND track_id IS NOT NULL AND status IN {_POOL}"
    )
    release = "(o.track_id * 100000 + o.number)"
    fill(
        Release,
        "(SELECT track_id, number, max(at) AS at FROM pool GROUP BY 1, 2) o",
        id=release,
        track_id="o.track_id",
        number="o.number",
        status="'released'",
        base_revision=oid("'rel' || o.track_id || '.' || (o.number - 1)"),
        revision=oid("'rel' || o.track_id || '.' || o.number"),
        gain_v="0.05",
        gain_t="0.04",
        created_by_id=f"{FIRST} + 1",
        created_at="o.at",
        released_at="o.at",
    )
    fill(
        ReleasePatch,
        "pool o",
        release_id=release,
        submission_id=f"o.n + {FIRST}",
        artifact_revision="o.head",
        head_revision="o.head",
        admitted=f"o.status IN {_MERGED}",
        weight="0.4",
        gate_gain="0.01",
    )
    amount = f"(0.02 * {share(50, 'o.n')})"
    fill(
        Credit,
        f"pool o WHERE o.status IN {_MERGED}",
        release_id=release,
        submission_id=f"o.n + {FIRST}",
        contributor_id="o.person_id",
        weight="0.4",
        amount=amount,
        low=f"{amount} - 0.005",
        high=f"{amount} + 0.005",
        first_order=amount,
        formula="'path-integral-1'",
        created_at="o.at",
    )


def news(size: Size) -> None:
    """Two events and a notification for each offer."""
    fill(
        Event,
        "offer CROSS JOIN (VALUES ('received'), ('status')) AS v(verb) WHERE pull",
        verb="'submission.' || v.verb",
        actor_id="person_id",
        repository_id="repository_id",
        subject=f"'submission:' || (n + {FIRST})",
        data="CASE WHEN v.verb = 'status' THEN jsonb_build_object('from', 'checking', 'to', status)"
        " ELSE '{}'::jsonb END",
        created_at="at",
    )
    fill(
        Notification,
        "offer WHERE pull",
        user_id="person_id",
        kind=f"'{NotificationKind.FINISHED.value}'",
        title="'The check of your submission finished'",
        url=f"'/submissions/' || (n + {FIRST})",
        submission_id=f"n + {FIRST}",
        about=f"'submission:' || (n + {FIRST}) || ':check'",
        created_at="at",
        read_at="CASE WHEN n % 4 <> 0 THEN now() END",
    )
