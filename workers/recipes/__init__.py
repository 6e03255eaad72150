"""Programs over a job folder: ``python -m workers.recipes.<kind> <folder>``."""
