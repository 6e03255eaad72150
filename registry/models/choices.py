"""Kinds and statuses with words for people."""

from __future__ import annotations

from django.db import models
from django.utils import translation


class Choices(models.TextChoices):
    """`label` follows the reader's language; `english` is for what is kept or read by programs."""

    @property
    def english(self) -> str:
        with translation.override(None):
            return str(self.label)
