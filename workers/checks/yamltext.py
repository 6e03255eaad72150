"""YAML with faults located by line, and repeated keys refused."""

from __future__ import annotations

from typing import Any

import yaml

MAX_CHARACTERS = 200_000


class YamlError(Exception):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class _Loader(yaml.SafeLoader):
    """SafeLoader that takes a repeated key for a mistake instead of keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            text = str(key.value)
            if text in seen:
                raise YamlError(f"the key {text[:80]!r} appears twice", key.start_mark.line)
            seen.add(text)
        return super().construct_mapping(node, deep)


def read_yaml(text: str, first_line: int = 1) -> Any:
    """The value of `text`; `first_line` is its first line's number in the file, for messages."""
    if len(text) > MAX_CHARACTERS:
        raise YamlError(f"it is longer than {MAX_CHARACTERS:,} characters", first_line)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                # Aliases allow a few hundred bytes to stand for gigabytes.
                line = event.start_mark.line if event.start_mark else 0
                raise YamlError("aliases (*name) are not allowed", line)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except YamlError as error:
        raise YamlError(str(error), error.line + first_line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it is not valid YAML"
        raise YamlError(problem, (mark.line if mark else 0) + first_line) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError(str(error).splitlines()[0], first_line) from None
