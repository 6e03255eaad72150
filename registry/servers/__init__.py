"""Embedded PostgreSQL and Redis and the supervisor of `manage.py up`. No Django in here."""
