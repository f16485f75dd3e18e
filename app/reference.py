"""The API's own description, OpenAPI, as a page can show it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """A field that is sent, or one of an answer, in words."""

    name: str
    what: str
    values: str
    default: str = ""
    required: bool = False
    inside: tuple["Value", ...] = ()
    """What an answer's field is made of."""


@dataclass(frozen=True)
class Operation:
    """What can be asked for."""

    method: str
    path: str
    summary: str
    description: str
    kind: str
    """The media type of what is sent; empty if that stands in the address."""
    fields: tuple[Value, ...]
    media_types: tuple[str, ...]
    """Of the answer."""
    said: str
    """What the answer is; empty if it speaks for itself."""
    answer: tuple[Value, ...]
    """The fields of the answer, if it is JSON."""
    command: str

    @property
    def name(self) -> str:
        """What links to it say behind the #."""
        return self.path.strip("/").replace("/", "-")


class Reference:
    """An OpenAPI description, read operation by operation."""

    def __init__(self, openapi: Schema, address: str) -> None:
        self.paths = openapi["paths"]
        self.schemas = openapi["components"]["schemas"]
        self.address = address

    def operations(self) -> list[Operation]:
        """Return all that can be asked for."""
        return [
            self.operation(method, path, described)
            for path, methods in self.paths.items()
            for method, described in methods.items()
        ]

    def operation(self, method: str, path: str, described: Schema) -> Operation:
        """Read one operation."""
        sent: Schema = described.get("requestBody", {}).get("content", {})
        kind = next(iter(sent), "")
        body = sent[kind]["schema"] if kind else {}
        fields = tuple(self.parameters(described)) + tuple(self.values(body))
        answer = described["responses"]["200"]
        content = answer["content"]
        said = answer["description"]
        return Operation(
            method=method.upper(),
            path=path,
            summary=described["summary"],
            description=described["description"],
            kind=kind,
            fields=fields,
            media_types=tuple(content),
            said="" if said == "Successful Response" else said,
            answer=tuple(self.values(content.get("application/json", {}).get("schema", {}))),
            command=self.command(method, path, kind, fields) + saved(path, content),
        )

    def parameters(self, described: Schema) -> Iterator[Value]:
        """Yield what stands in the address."""
        for each in described.get("parameters", ()):
            yield self.value(each["name"], each["schema"], required=each["required"])

    def values(self, schema: Schema) -> Iterator[Value]:
        """Yield the fields of an object, the required ones first."""
        schema = self.resolved(schema)
        required = schema.get("required", ())
        properties = schema.get("properties", {})
        for name in sorted(properties, key=lambda name: name not in required):
            yield self.value(name, properties[name], required=name in required)

    def value(self, name: str, schema: Schema, required: bool) -> Value:
        """Describe one field."""
        inner = self.resolved(schema)
        item = self.resolved(inner.get("items", inner))
        what = schema.get("description") or inner.get("description", "")
        default = schema.get("default")
        said = "" if default in (None, "") else json.dumps(default).strip('"')
        inside = tuple(self.values(item)) if item.get("properties") else ()
        return Value(name, what, self.kind_of(schema), said, required, inside)

    def resolved(self, schema: Schema) -> Schema:
        """Follow a reference, and leave out that there may be nothing."""
        if ref := schema.get("$ref"):
            found: Schema = self.schemas[ref.rsplit("/", 1)[1]]
            return found
        choices = [s for s in schema.get("anyOf", ()) if s.get("type") != "null"]
        return self.resolved(choices[0]) if choices else schema

    def kind_of(self, schema: Schema) -> str:
        """Say in words which values there are."""
        nullable = any(s.get("type") == "null" for s in schema.get("anyOf", ()))
        inner = self.resolved(schema)
        words = self.words(inner)
        return f"{words}, or null" if nullable and not is_file(inner) else words

    def words(self, schema: Schema) -> str:
        """Say the same of what is there for certain."""
        if choices := schema.get("enum"):
            return ", ".join(f"`{choice}`" for choice in choices)
        if "const" in schema:
            return f"`{schema['const']}`"
        if is_file(schema):
            return "a file"
        kind: str = schema.get("type", "")
        if kind == "array":
            if "prefixItems" in schema:
                return f"{len(schema['prefixItems'])} numbers"
            return f"a list: {self.words(self.resolved(schema['items']))}"
        names = {"integer": "whole number", "boolean": "`true`, `false`", "string": "text"}
        least, most = schema.get("minimum"), schema.get("maximum")
        if least is None:
            return names.get(kind, kind)
        return f"{least:g} to {most:g}" if most is not None else f"{least:g} or more"

    def command(self, method: str, path: str, kind: str, fields: tuple[Value, ...]) -> str:
        """Return a command that asks for it."""
        url = f"{self.address}{path}"
        if method == "get":
            return f"curl {url}"
        if kind == "application/json":
            body = {"latents": [[0.5, -1.0, "…"]]}
            return f"curl --json '{json.dumps(body, ensure_ascii=False)}' {url}"
        files = [v.name for v in fields if v.values == "a file"]
        sent = " ".join(f"-F {name}=@{name}.jpg" for name in files)
        return f"curl {sent} {url}"


def saved(path: str, content: Schema) -> str:
    """Return the end of a command whose answer is a picture."""
    return f" -o {path.rsplit('/', 1)[1]}.png" if "image/png" in content else ""


def is_file(schema: Schema) -> bool:
    """Tell whether a field is a file."""
    return "contentMediaType" in schema or schema.get("format") == "binary"


def code(text: str) -> Markup:
    """Show what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))
