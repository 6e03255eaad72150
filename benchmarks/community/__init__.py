"""A made-up community of any size, on a site of its own: what the benchmarks of pages and API use.

with site.community(1000):       # PostgreSQL and Redis in a temporary folder, filled
    with site.web() as address:  # the real web processes
        …
"""
