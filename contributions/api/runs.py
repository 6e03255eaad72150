"""Runs: one with its curve, its log as it grows, and stopping it."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contributions.api.run_shapes import LogSerializer, RunSerializer, log_after
from contributions.models import Run
from contributions.services import access, submissions
from registry.api.bodies import Nothing
from registry.api.endpoints import Endpoint
from registry.services.access import Need
from registry.services.errors import Invalid

TAG = ["runs"]


class OneRun(Endpoint):
    @extend_schema(operation_id="runs_retrieve", responses=RunSerializer, tags=TAG)
    def get(self, request: Request, pk: int) -> Response:
        """One run with its curve and attempts."""
        run = access.run(self.caller, pk)
        facts = (run.pk, run.status, run.attempt, run.heartbeat_at, run.reason)
        return self.unchanged(*facts) or _shown(self, run)


def _shown(view: Endpoint, run: Run) -> Response:
    return Response(RunSerializer(run, context=view.get_serializer_context()).data)


class RunLog(Endpoint):
    @extend_schema(
        operation_id="runs_log",
        parameters=[
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "default": 0},
                description="`next_offset` of the part that is known.",
            )
        ],
        responses=LogSerializer,
        tags=TAG,
    )
    def get(self, request: Request, pk: int) -> Response:
        """What was logged after an offset. Ask until `finished`."""
        run = access.run(self.caller, pk)
        given = request.query_params.get("after", "0")
        if not (given.isascii() and given.isdigit() and len(given) <= 12):
            raise Invalid("after must be a whole number from 0.", where="after")
        return Response(log_after(run, int(given)))


class CancelRun(Endpoint):
    @extend_schema(
        operation_id="runs_cancel", request=Nothing, responses={200: RunSerializer}, tags=TAG
    )
    def post(self, request: Request, pk: int) -> Response:
        """Stop it, in whatever state it is."""
        run = access.run(self.caller, pk, need=Need.WRITE)
        self.read(Nothing)
        submissions.cancel_run(run, actor=self.caller.signed_in())
        return _shown(self, access.run(self.caller, pk))
