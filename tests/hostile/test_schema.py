"""Whatever the OpenAPI document allows or forbids is answered as it says (schemathesis)."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.app.tiny import save_models
from tests.hostile.server import serving
from tests.hostile.test_hostile import QUICK

ROUTES = {
    ("GET", "/healthz"): [GenerationMode.POSITIVE],
    ("GET", "/readyz"): [GenerationMode.POSITIVE],
    ("GET", "/metrics"): [GenerationMode.POSITIVE],
    ("GET", "/api/v1/models"): [GenerationMode.POSITIVE],
    ("GET", "/api/v1/directions"): list(GenerationMode),
    ("GET", "/api/v1/samples"): list(GenerationMode),
    ("POST", "/api/v1/morph"): list(GenerationMode),
    ("POST", "/api/v1/faces"): list(GenerationMode),
    ("POST", "/api/v1/align"): list(GenerationMode),
    ("POST", "/api/v1/encode"): list(GenerationMode),
    ("POST", "/api/v1/decode"): list(GenerationMode),
}
"""What can be sent to a route that its description allows, or forbids."""

BEYOND_A_SCHEMA = [positive_data_acceptance]
"""No schema can say which bytes are a photo, which numbers a face, how many a latent has, or which
models are loaded."""


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    models = save_models(tmp_path_factory.mktemp("models"))
    patient = {"MODEL": "faces", "HEADER_SECONDS": "60"}  # clients keep their connections
    with serving(QUICK | patient, models) as server:
        yield schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")


def test_no_route_is_left_out(described):
    paths = described.raw_schema["paths"]
    assert sorted(ROUTES) == sorted((m.upper(), p) for p, ms in paths.items() for m in ms)


@pytest.mark.parametrize(("route", "mode"), [(r, mode) for r in ROUTES for mode in ROUTES[r]])
def test_every_answer_is_one_that_is_documented(described, route, mode):
    method, path = route
    beyond = BEYOND_A_SCHEMA if len(ROUTES[route]) > 1 else []

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=described[path][method].as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(excluded_checks=beyond)

    ask()
