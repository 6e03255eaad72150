"""Merge games that are small enough to know all of."""
