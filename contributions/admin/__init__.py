"""The dashboard at /admin/: reviews, tracks, publications, operation."""

from contributions.admin import (
    decisions,
    home,
    operations,
    publications,
    queues,
    review,
    tracks,
    words,
)

__all__ = ["decisions", "home", "operations", "publications", "queues", "review", "tracks", "words"]
