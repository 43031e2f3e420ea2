"""The vendors' documents are valid, and say of every operation where we know it from."""

import json
import re
from collections import Counter

import pytest
from openapi.contract import FOLDER, Contract
from openapi_spec_validator import OpenAPIV31SpecValidator

NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
NOTES = re.compile(r"(flireo|callbell|callab)\.md [A-Z]?\d+(\.\d+)?(, [A-Z]?\d+(\.\d+)?)*")


def every(contract):
    return [*contract.operations.values(), *contract.webhooks.values()]


def bodies(one):
    for kind, media in one.node.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            yield from [media["example"]] if "example" in media else [v["value"] for v in media["examples"].values()]


def test_every_vendor_and_generation_has_its_document():
    assert NAMES == ["callab", "callab_v0", "callbell", "flireo", "hmsovereign"]


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_valid(name):
    assert list(OpenAPIV31SpecValidator(Contract.load(name).document).iter_errors()) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_says_what_it_is_and_where_it_was_read(name):
    document = Contract.load(name).document
    nodes = [
        node
        for part in ("paths", "webhooks")
        for item in document.get(part, {}).values()
        for method, node in item.items()
        if method != "parameters"
    ]
    assert all(re.fullmatch(r"[a-z_0-9]+", node["operationId"]) for node in nodes)
    assert all(isinstance(node["x-seen"], bool) for node in nodes)
    assert all(NOTES.fullmatch(node["x-source"]) for node in nodes)
    assert max(Counter(node["operationId"] for node in nodes).values()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_legal(name):
    contract = Contract.load(name)
    wrong = []
    for one in contract.operations.values():
        for example in bodies(one):
            path = re.sub(r"\{.*?\}", "x", one.path)
            query = "&".join(f"{n}={p['example']}" for n, p in one.named("query").items() if p.get("required"))
            found, complaints = contract.request(one.method, f"{path}?{query}", json.dumps(example).encode())
            wrong += complaints if found is one else [f"{one.name} is taken for {found}"]
    for one in contract.webhooks.values():
        for example in bodies(one):
            wrong += contract.event(one.path, json.dumps(example).encode())
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_every_body_has_an_example_and_every_path_can_be_filled(name):
    for one in every(Contract.load(name)):
        assert one.path.count("{") == len(one.named("path")), one.name
        assert all("example" in parameter for parameter in one.named("path").values()), one.name
        for kind, media in one.node.get("requestBody", {}).get("content", {}).items():
            assert "example" in media or "examples" in media, (one.name, kind)


def test_what_was_seen_is_told_from_what_is_assumed():
    operations = Contract.load("flireo").operations
    assert operations["replace_contact"].seen
    assert not operations["start_call"].seen
