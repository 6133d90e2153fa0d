"""Checks a document against the part of JSON Schema that our schemas use; any other keyword is an error.

It is stricter than the schema in one thing: an object has no key that is not listed, so that none is undocumented.
"""

from typing import Any

TYPES = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}
KNOWN = {
    "$defs", "$id", "$ref", "$schema", "additionalProperties", "anyOf", "const", "description", "enum", "items",
    "maxItems", "maximum", "minItems", "minimum", "properties", "required", "title", "type",
}  # fmt: skip


def problems(document: Any, schema: dict[str, Any], whole: dict[str, Any] | None = None, at: str = "$") -> list[str]:
    """Where the document is not as the schema says, one line each."""
    whole = whole or schema
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        return problems(document, whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], whole, at)
    if "anyOf" in schema:
        found = [problems(document, each, whole, at) for each in schema["anyOf"]]
        return [] if not all(found) else [f"{at}: none of the alternatives"]
    return [
        *_of_value(document, schema, at),
        *_of_object(document, schema, whole, at),
        *_of_array(document, schema, whole, at),
    ]


def _of_value(document: Any, schema: dict[str, Any], at: str) -> list[str]:
    names = schema.get("type", list(TYPES))
    allowed = [TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    is_number = isinstance(document, (int, float)) and not isinstance(document, bool)
    checks = {
        f"{document!r} is no {names}": any(isinstance(document, each) for each in allowed)
        and (not isinstance(document, bool) or "boolean" in names),
        f"{document!r} is not the constant": document == schema.get("const", document),
        f"{document!r} is not in the enumeration": document in schema.get("enum", [document]),
        f"{document!r} is too small": not is_number or document >= schema.get("minimum", document),
        f"{document!r} is too large": not is_number or document <= schema.get("maximum", document),
    }
    return [f"{at}: {words}" for words, holds in checks.items() if not holds]


def _of_object(document: Any, schema: dict[str, Any], whole: dict[str, Any], at: str) -> list[str]:
    if not isinstance(document, dict) or not {"properties", "additionalProperties"} & schema.keys():
        return []
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    found = [f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in document]
    for name, value in document.items():
        if name in properties or others is not None:
            found += problems(value, properties.get(name, others), whole, f"{at}.{name}")
        else:
            found.append(f"{at}: {name} is not documented")
    return found


def _of_array(document: Any, schema: dict[str, Any], whole: dict[str, Any], at: str) -> list[str]:
    if not isinstance(document, list):
        return []
    found = [] if schema.get("minItems", 0) <= len(document) <= schema.get("maxItems", 10**9) else [f"{at}: length"]
    for number, value in enumerate(document):
        found += problems(value, schema.get("items", {}), whole, f"{at}[{number}]")
    return found
