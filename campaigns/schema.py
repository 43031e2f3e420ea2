"""The JSON Schema of a campaign file, for editors: every key with what the source says of it."""

import ast
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from campaigns.domain.campaign import Campaign


def campaign_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a campaign file, for editors."""
    schema = Campaign.model_json_schema(schema_generator=_Schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Campaign"}


class _Schema(GenerateJsonSchema):
    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """An empty value is refused: what is not wanted is left out."""
        return self.generate_inner(schema["schema"])

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """With what the source says of each key: read here, since only editors want it and every start would pay."""
        found = super().model_schema(schema)
        said = {name: text for cls in reversed(schema["cls"].__mro__) for name, text in _said_by(cls).items()}
        for name, value in found.get("properties", {}).items():
            if name in said:
                value.setdefault("description", said[name])
        return found


def _said_by(cls: type) -> dict[str, str]:
    """The text below each member of a model."""
    if not issubclass(cls, BaseModel) or cls is BaseModel:
        return {}
    body = ast.parse(dedent(getsource(cls))).body[0].body  # type: ignore[attr-defined] # it is a class
    return {
        member.target.id: cleandoc(text.value.value)
        for member, text in pairwise(body)
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }
