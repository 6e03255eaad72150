"""What is wrong with a card's front matter, said while somebody can still mend it."""

from __future__ import annotations

import difflib
from typing import Any

from registry.services import front_matter

# Licence ids of the Hub.
LICENCES = frozenset(
    """
    apache-2.0 mit bsd-2-clause bsd-3-clause bsd-3-clause-clear bsd isc ncsa postgresql zlib
    bsl-1.0 wtfpl unlicense cc0-1.0 pddl afl-3.0 artistic-2.0 ecl-2.0 ms-pl lppl-1.3c mpl-2.0
    epl-1.0 epl-2.0 lgpl-2.1 lgpl-3.0 lgpl gpl-2.0 gpl-3.0 gpl agpl-3.0 osl-3.0 eupl-1.1
    eupl-1.2 gfdl ofl-1.1 lgpl-lr cc cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0
    cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0
    cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 odc-by odbl
    cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 c-uda etalab-2.0 openmdw-1.0
    openmdw-1.1 openrail bigscience-openrail-m creativeml-openrail-m openrail++
    bigscience-bloom-rail-1.0 bigcode-openrail-m llama2 llama3 llama3.1 llama3.2 llama3.3 llama4
    gemma grok2-community deepfloyd-if-license apple-amlr fair-noncommercial-research-license
    h-research intel-research apple-ascl unknown other
    """.split()  # noqa: SIM905
)


def judged(text: str, repo_type: str) -> tuple[list[str], list[str]]:
    """Errors, which stop a commit, and warnings."""
    card = front_matter.parse(text)
    if not card.present:
        return [], ["empty or missing yaml metadata in repo card"]
    if card.problem:
        line = f" (line {card.line})" if card.line else ""
        return [f"{card.problem}{line}"], []
    errors = [*_licence_errors(card.data), *_type_errors(card.data)]
    if repo_type == "model":
        errors += _model_index_errors(card.data)
    return errors, _warnings(card.data)


def _licence_errors(data: dict[str, Any]) -> list[str]:
    licence = data.get("license")
    given = licence if isinstance(licence, list) else [licence]
    if licence is None or all(isinstance(item, str) and item in LICENCES for item in given):
        return []
    known = ", ".join(sorted(LICENCES))
    wrong = next(item for item in given if not isinstance(item, str) or item not in LICENCES)
    if near := _nearest_licence(wrong):
        # Clients look for the first words.
        asked = f'"license" must be one of the known ids, and "{wrong}" is none: did you mean'
        return [f'{asked} "{near}"? Known are {known}']
    return [f'"license" must be one of {known}']


def _nearest_licence(given: Any) -> str:
    if not isinstance(given, str) or len(given) > 100:
        return ""
    folded = given.strip().lower().replace(" ", "-").replace("_", "-")
    return next(iter(difflib.get_close_matches(folded, sorted(LICENCES), n=1)), "")


def _type_errors(data: dict[str, Any]) -> list[str]:
    """Fields that lists filter on."""
    errors = []
    for key in ("tags", "datasets", "task_categories", "task_ids", "language", "base_model"):
        value = data.get(key)
        items = value if isinstance(value, list) else [value]
        if value is not None and not all(isinstance(item, str) for item in items):
            errors.append(f'"{key}" must be a string or a list of strings')
    for key in ("pipeline_tag", "library_name"):
        if not isinstance(data.get(key), str | None):
            errors.append(f'"{key}" must be a string')
    return errors


def _model_index_errors(data: dict[str, Any]) -> list[str]:
    index = data.get("model-index")
    if index is None:
        return []
    if not isinstance(index, list):
        return ['"model-index" must be an array']
    return [
        f'"model-index[{position}].{key}" is required'
        for position, item in enumerate(index)
        for key in ("name", "results")
        if not isinstance(item, dict) or key not in item
    ]


def _warnings(data: dict[str, Any]) -> list[str]:
    if data.get("license") is None:
        return ['no "license" is given: nobody may use what has none']
    if data.get("license") == "other" and not data.get("license_name"):
        return ['"license: other" should come with "license_name" and "license_link"']
    return []
