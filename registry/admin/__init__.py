"""The dashboard at /admin/: people, organisations, repositories, quarantine, audit trail."""

from registry.admin import organisations, people, repositories, trail

__all__ = ["organisations", "people", "repositories", "trail"]
