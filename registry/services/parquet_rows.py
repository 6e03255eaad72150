"""The first rows of a Parquet file, as a program of its own.

    python parquet_rows.py ROWS COLUMNS < file.parquet

Decoding runs in C++ on bytes that a stranger wrote: here a fault or a bomb costs one short-lived
process with little memory and time, not the site. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 3
LONGEST_CELL = 300


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    json.dump(first_rows(int(sys.argv[1]), int(sys.argv[2])), sys.stdout)


def first_rows(most_rows: int, most_columns: int) -> dict[str, Any]:
    import pyarrow as arrow
    from pyarrow import parquet

    arrow.set_cpu_count(1)
    file = parquet.ParquetFile(sys.stdin.buffer)
    names = list(file.schema_arrow.names)
    shown = names[:most_columns]
    batches = file.iter_batches(batch_size=most_rows, columns=shown, use_threads=False)
    batch = next(batches, None)
    rows = [] if batch is None else batch.slice(0, most_rows).to_pylist()
    return {
        "columns": [[name, str(file.schema_arrow.field(name).type)[:80]] for name in shown],
        "rows": [[_cell(row.get(name)) for name in shown] for row in rows],
        "total": file.metadata.num_rows,
        "all_columns": len(names),
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        inside = ", ".join(f"{key}: {_cell(item)}" for key, item in list(value.items())[:20])
        return f"{{{inside}}}"[:LONGEST_CELL]
    if isinstance(value, list):
        return f"[{', '.join(_cell(item) for item in value[:20])}]"[:LONGEST_CELL]
    return str(value)[:LONGEST_CELL]


if __name__ == "__main__":
    main()
