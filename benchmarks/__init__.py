"""Measurements that are too slow, or too much about numbers, for the test suite."""
