"""The acceptance policy of a track: every entry known and of the right kind."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from contributions.models import Key
from contributions.models.tracks import default_policy
from registry.models import User
from registry.services.errors import Invalid

MERGE = "merge"  # options of the merge program, which reads and refuses them itself
LARGEST = 10**7


def complete(policy: Any) -> dict[str, Any]:
    """The policy with its defaults."""
    if policy is not None and not isinstance(policy, dict):
        raise Invalid(
            "the policy is not given by name",
            where="policy",
            next="write for example “policy: {max_steps: 2000}”",
        )
    whole = {**default_policy(), "keys": default_keys(), **(policy or {})}
    for name, value in whole.items():
        _refuse_unknown(name)
        _refuse_value(name, value)
    return whole


def default_keys() -> list[str]:
    wanted = {*default_policy()["keys"], *settings.TRACK_LEAST_KEYS}
    return [key for key in Key.values if key in wanted]


def refuse_too_few_keys(policy: dict[str, Any], *, actor: User, before: Sequence[str] = ()) -> None:
    """Fewer keys free what waits for them: that is for an operator to say, not for a maintainer.

    `before`: the keys of a track that is changed. What it does without already is not asked anew.
    """
    least = set(settings.TRACK_LEAST_KEYS)
    dropped = least & set(before or least) - set(policy["keys"])
    if dropped and not actor.is_operator:
        raise Invalid(
            f"every track of this site asks for the {' and '.join(sorted(dropped))} key",
            where="policy, keys",
            next="add it, or ask an operator to let this track ask for less",
        )


def _refuse_unknown(name: Any) -> None:
    known = [*default_policy(), MERGE]
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        raise Invalid(
            f"“{name}” is no part of a policy",
            where="policy",
            next=f"did you mean “{near[0]}”?" if near else f"known are {', '.join(known)}",
        )


def _refuse_value(name: str, value: Any) -> None:
    where = f"policy, {name}"
    if name == "keys":
        if not (isinstance(value, list) and value and all(key in Key.values for key in value)):
            raise Invalid(
                f"the keys are “{value}”",
                where=where,
                next=f"write a list of {', '.join(Key.values)}, such as “keys: [licence, privacy]”",
            )
    elif name == MERGE:
        if not isinstance(value, dict):
            raise Invalid(f"merge is “{value}”", where=where, next="write “merge: {steps: 90}”")
    elif type(value) is not int or not 0 < value <= LARGEST:
        raise Invalid(
            f"{name} is “{value}”", where=where, next=f"write a whole number from 1 to {LARGEST}"
        )
