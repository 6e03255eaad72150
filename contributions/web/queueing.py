"""How long a waiting run has to wait, in words: its place, an estimate, or who is missing."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contributions.models import Run, RunStatus
from contributions.services import queue
from registry.services.remembered import remembered
from registry.templatetags.figures import lasted

# Everybody who looks at a waiting run shares one count of the queue.
SECONDS = 4


def waiting(runs: Sequence[Run]) -> str:
    """Of the oldest of these runs that waits; empty when none does."""
    queued = [run for run in runs if run.status == RunStatus.QUEUED]
    if not queued:
        return ""
    oldest = min(queued, key=lambda run: run.pk)
    found = remembered(f"place:{oldest.pk}", SECONDS, lambda: queue.place(oldest))
    if found is None:
        return ""
    if found.outage:
        return _("No worker serves its queue at the moment: it starts when one is back.")
    before = ngettext(
        "%(count)d run is before it.", "%(count)d runs are before it.", found.position
    ) % {"count": found.position}
    words = _("It is next.") if found.position == 0 else before
    if found.seconds is None:
        return words
    return f"{words} " + _("It starts in about %s.") % lasted(max(found.seconds, 1))
