"""Loads a published model as any consumer does and scores it.

    HF_ENDPOINT=http://… python -m workers.demo.consume SPEC.json

SPEC.json: {"repo_id", "revision", "task", "data", "rows"}; prints one JSON object with the loss
in nats and the metrics of `rows` of `data`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def score(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure `from_pretrained(repo_id)` on the given rows of the data."""
    import transformers

    from workers.training.data import read_table
    from workers.training.device import quieten
    from workers.training.encoding import encode
    from workers.training.model import Bundle
    from workers.training.outcomes import measure, scores
    from workers.training.tasks import Task

    quieten()
    task = Task.of(spec["task"])
    where = {"revision": spec["revision"]}
    model = getattr(transformers, task.auto_class).from_pretrained(spec["repo_id"], **where)
    auto = transformers.AutoImageProcessor if task is Task.IMAGE else transformers.AutoTokenizer
    preprocessor = auto.from_pretrained(spec["repo_id"], **where)
    names = model.config.id2label
    labels = [names[number] for number in range(len(names))]
    bundle = Bundle(model.eval(), preprocessor, labels, task, Path())
    table = read_table(Path(spec["data"]), None, task).select(spec["rows"])
    outcomes = measure(bundle, encode(table, bundle), 64, "published model")
    return scores(outcomes)


def main() -> int:
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = score(spec)
    print(json.dumps({"loss": found["loss"], "metrics": found["metrics"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
