"""Names that were somebody's, and that nobody may take again."""

from __future__ import annotations

import pgtrigger
from django.db import models


class RetiredName(models.Model):
    """A keyed digest of the name in lower case: it says whether a name is one, and tells none.

    No date, which would lead to the person who went that day.
    """

    digest = models.CharField(max_length=64, primary_key=True)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.digest[:8]}…"
