"""Checks answers of the catalog against the Iceberg REST specification (spec/iceberg-rest-openapi.yaml, as published)."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SPEC = Path(__file__).parent / "spec" / "iceberg-rest-openapi.yaml"
ROOT = "urn:iceberg-rest"


class Deviation(AssertionError):
    """An answer that is not as the specification says."""


def made_strict(schema):
    """What the file means, in words the checker knows.

    `nullable: true` is a word of an older OpenAPI. Alternatives with a discriminator, and the kinds of plain values, overlap:
    a 5 is an int, a long and a double, and `variant` is a primitive type's name too, so `oneOf` can never hold. Values of partitions may be null, as in the tables themselves.
    """
    if isinstance(schema, list):
        return [made_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: made_strict(part) for name, part in schema.items()}
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    kinds = made.get("oneOf")
    if kinds and ("discriminator" in made or any("TypeValue" in str(kind) or "VariantType" in str(kind) for kind in kinds)):
        made["anyOf"] = made.pop("oneOf")
    return made


class Specification:
    def __init__(self):
        self.document = made_strict(yaml.load(SPEC.read_text(), yaml.CSafeLoader))
        value = self.document["components"]["schemas"]["PrimitiveTypeValue"]
        value["anyOf"].append({"type": "null"})
        # A table of version 3 without snapshots says null, as the reference implementation does, where older ones say -1.
        table = self.document["components"]["schemas"]["TableMetadata"]
        table["properties"]["current-snapshot-id"]["type"] = ["integer", "null"]
        resource = Resource(contents=self.document, specification=DRAFT202012)
        self.registry = Registry().with_resource(ROOT, resource)
        self.routes = []
        for path, methods in self.document["paths"].items():
            # `{prefix}` is optional: a base path may carry the warehouse itself.
            pattern = re.sub(r"\{[^}]*\}", "[^/]+", path).replace("/v1/[^/]+/", "/v1/(?:[^/]+/)?")
            for method, operation in methods.items():
                if method != "parameters":
                    self.routes.append((method.upper(), re.compile(f"^/catalog(?:/[^/]+/[^/]+)?{pattern}$"), path, operation))
        self.seen = {}

    def resolve(self, value):
        while "$ref" in value:
            target = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            value = target
        return value

    def find(self, method, url):
        path = urlsplit(url).path
        # Of several the most literal one: `/tables/rename` is no table.
        found = [route for route in self.routes if route[0] == method and route[1].match(path)]
        return min(found, key=lambda route: (route[2].count("{"), len(route[2])), default=None)

    def check(self, method, url, status, content_type, body):
        """Raises Deviation unless the answer is one the specification allows."""
        route = self.find(method, url)
        if route is None:
            if status not in (404, 405):
                raise Deviation(f"{method} {url}: {status}, but the specification has no such operation")
            return
        _, _, path, operation = route
        responses = operation["responses"]
        response = responses.get(str(status), responses.get(status))
        if response is None:
            response = responses.get(f"{status // 100}XX", responses.get("default"))
        if response is None:
            raise Deviation(f"{method} {path}: {status} is none of {sorted(map(str, responses))}")
        self.seen.setdefault((method, path), set()).add(status)
        response = self.resolve(response)
        content = response.get("content", {})
        if not content or method == "HEAD":
            if body and method != "HEAD":
                raise Deviation(f"{method} {path}: {status} has a body of {len(body)} bytes, and should have none")
            return
        if "application/json" not in (content_type or ""):
            raise Deviation(f"{method} {path}: {status} has the content type {content_type}")
        schema = content["application/json"]["schema"]
        if schema == {"$ref": "#/components/schemas/ErrorModel"}:
            # A slip of the file at views: every client reads the error inside its envelope, as elsewhere.
            schema = {"$ref": "#/components/schemas/IcebergErrorResponse"}
        if "$ref" in schema:
            schema = {"$ref": ROOT + schema["$ref"]}
        validator = Draft202012Validator(schema, registry=self.registry)
        errors = sorted(validator.iter_errors(json.loads(body)), key=lambda error: len(error.absolute_path), reverse=True)
        if errors:
            error = errors[0]
            where = "/".join(map(str, error.absolute_path))
            raise Deviation(f"{method} {path}: {status}, at '{where}': {error.message[:300]}")


def watch(session, specification):
    """Checks every answer that `session`, of requests, gets from a catalog."""
    def check(response, **_):
        if urlsplit(response.url).path.startswith("/catalog/"):
            specification.check(response.request.method, response.url, response.status_code,
                                response.headers.get("content-type"), response.content)
    session.hooks["response"].append(check)
    return session
