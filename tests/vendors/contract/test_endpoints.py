"""Every endpoint that a vendor's documents name has its route, its method, and its line in the README."""

from pathlib import Path

import pytest
from openapi.contract import Contract

from .endpoints import VENDORS, methods, proof, routes, served, shape, table

README = Path(__file__).parents[3] / "README.md"
DOCUMENTS = {"callab": ("callab", "callab_v0")}


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_routes_are_those_of_the_documents_that_others_wrote(vendor: str) -> None:
    written = [one for name in DOCUMENTS.get(vendor, (vendor,)) for one in Contract.load(name).operations.values()]
    theirs = {shape(type(next(iter(routes(vendor).values())))(one.method, one.path)): one for one in written}
    ours = {shape(route): route for route in routes(vendor).values()}
    assert ours.keys() == theirs.keys()
    assert {key: not route.assumed for key, route in ours.items()} == {
        key: one.node["x-seen"] for key, one in theirs.items()
    }
    assert {key for key, route in ours.items() if route.legacy} == {
        key for key, one in theirs.items() if one.node.get("deprecated")
    }


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_route_has_a_method_of_the_client_a_server_and_a_test(vendor: str) -> None:
    assert [operation for operation, asked in methods(vendor).items() if not asked] == []
    assert [route.path for route in routes(vendor).values() if shape(route) not in served(vendor)] == []
    assert [operation for operation, file in proof(vendor).items() if not file] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_readme_names_every_endpoint(vendor: str) -> None:
    mend = "`python tests/vendors/contract/endpoints.py` prints the tables"
    assert table(vendor) in README.read_text("utf-8"), mend
