"""What the search of the whole site looks through."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from registry.models.repositories import Repository

# Kinds of which there are so many that not all matches of a word can be ranked.
ABUNDANT = ("submission", "discussion")


class SearchEntry(models.Model):
    """One thing that can be found. Written in the transaction that changes the thing itself.

    `vector` holds lower-case words ("simple") and character pairs of Chinese text.
    """

    kind = models.CharField(max_length=16, help_text="model, dataset, track, submission, …")
    key = models.CharField(max_length=100, help_text="Number or name of the thing.")
    # What may be seen of it is what may be seen of its repository; empty: everybody.
    repository = models.ForeignKey(
        Repository, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    title = models.CharField(max_length=300)
    url = models.CharField(max_length=500)
    summary = models.CharField(max_length=500, blank=True)
    vector = SearchVectorField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "search entries"
        indexes = [
            GinIndex(fields=["vector"], name="search_words"),
            models.Index(fields=["kind", "-id"], name="search_newest"),
            GinIndex(
                fields=["vector"],
                condition=~models.Q(kind__in=ABUNDANT),
                name="search_words_of_few",
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="search_entry_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
