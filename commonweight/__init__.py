"""The client of a Commonweight site, for shells and CI bots: no Django, no torch."""

from importlib import metadata

__version__ = metadata.version("commonweight")
