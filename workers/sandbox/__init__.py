"""Keeps a program away from the machine, the network and every other job."""

from __future__ import annotations

from workers.sandbox.availability import Availability, describe, probe
from workers.sandbox.limits import Limits
from workers.sandbox.process import Sandbox, SandboxError
from workers.sandbox.setup import Programs, Setup

__all__ = [
    "Availability",
    "Limits",
    "Programs",
    "Sandbox",
    "SandboxError",
    "Setup",
    "describe",
    "probe",
]
