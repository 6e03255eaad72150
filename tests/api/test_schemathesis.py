"""Generated requests over the whole description: no fault of ours, nothing undocumented."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from contributions.models import Publication, ReviewItem, Run
from registry.models import Role
from registry.services import accounts, tokens
from tests import counts

EXAMPLES = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def operations(db):
    """In this process and its transaction, so requests must not close the connection."""
    from registry.config.wsgi import application

    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
    yield [found.ok() for found in schema.get_all_operations()]
    for signal in signals:
        signal.connect(close_old_connections)


def secret_of(scene, who):
    if who == "anonymous":
        return ""
    if who == "contributor":
        return tokens.issue(scene.berta, name="fuzz", scope="write")[1]
    olga = accounts.ensure_user(name="olga", roles=list(Role))
    return tokens.issue(olga, name="fuzz", scope="write" if who == "operator" else "review")[1]


def existing(scene):
    """Path of an operation, and the parameters that lead to something real."""
    run = Run.objects.filter(submission=scene.weights).first()
    item = ReviewItem.objects.first()
    return {
        "/submissions/": {"id": scene.weights.pk},
        "/runs/": {"id": run.pk},
        "/tracks/": {"name": "digits", "number": 1},
        "/publications/": {"id": Publication.objects.first().pk},
        "/reviews/": {"id": item.pk if item else 1},
        "/tokens/": {"id": scene.berta.access_tokens.first().pk},
        "/repositories/": {"repo_type": "model", "namespace": "ada", "name": "digits"},
    }


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", ["anonymous", "contributor", "operator", "reviewer"])
def test_nothing_undocumented_happens(scene, operations, who):
    secret, real = secret_of(scene, who), existing(scene)
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    number = sum(attempt(operation, headers, real) for operation in operations)
    counts.record("schemathesis cases", number)
    assert number >= len(operations) * EXAMPLES // 2


def attempt(operation, headers, real):
    """Generated requests of one operation, half of them to things that exist."""
    known = next((v for k, v in real.items() if f"/v1{k}" in operation.path), {})
    modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
    tried = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(modes), exists=st.booleans())
    def send(case, exists):
        nonlocal tried
        if exists and case.path_parameters:
            for name in case.path_parameters:
                case.path_parameters[name] = known.get(name, case.path_parameters[name])
        if not headers:  # nobody, not somebody with a token that is none
            case.headers.pop("Authorization", None)
            case.cookies.clear()
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        case.validate_response(response, checks=CHECKS)
        tried += 1

    send()
    return tried
