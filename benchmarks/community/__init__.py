"""A made-up community of any size, on a site of its own: what the benchmarks of pages and API use.

with site.database():            # PostgreSQL and Redis in a temporary folder
    from benchmarks.community.build import build
    build(Size(submissions=1000))
    with site.web() as address:  # the real web processes
        …
"""
