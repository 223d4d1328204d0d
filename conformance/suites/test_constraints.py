"""Every constraint of every member of every operation served, broken in a raw signed request.

The cases come from botocore's own model; what the answer must be comes from harness/oracle.py. Values on a bound
must not be refused for their size.
"""

import base64
import copy
import itertools

import pytest
from harness import oracle
from harness.model import SERVED, input_shape

ABSENT = object()
# Optional in the model only because some dry runs go without.
WANTED_ANYWAY = {"CiphertextBlob"}
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
SAMPLES = {"KeyId": KEY, "TargetKeyId": KEY, "DestinationKeyId": KEY, "AliasName": "alias/constraints"}


def valid(shape, name=""):
    """A value that breaks nothing."""
    if name in SAMPLES:
        return SAMPLES[name]
    bounds = shape.metadata
    kind = shape.type_name
    if kind == "structure":
        wanted = {*shape.required_members, *WANTED_ANYWAY}
        return {n: valid(m, n) for n, m in shape.members.items() if n in wanted}
    if kind == "list":
        return [valid(shape.member) for _ in range(max(1, bounds.get("min", 0)))]
    if kind == "map":
        return {"k": "v"}
    if kind == "boolean":
        return False
    if kind in ("integer", "long"):
        return bounds.get("min", 1)
    if kind == "blob":
        return encoded(max(1, bounds.get("min", 0)))
    if bounds.get("enum"):
        return bounds["enum"][0]
    return "x" * max(1, bounds.get("min", 0))


def encoded(size):
    return base64.b64encode(b"\x00" * size).decode()


def text(size):
    return "x" * size


def breaking(shape, required):
    """(label, value) for each way to break a member's own rules; the label names the rule."""
    bounds, kind = shape.metadata, shape.type_name
    if required:
        yield "absent", ABSENT
        yield "null", None
    if bounds.get("enum"):
        yield "enum", "NO_SUCH_VALUE"
        yield "enum case", bounds["enum"][0].lower()
        yield "enum empty", ""
    elif kind in ("integer", "long"):
        for label, number in (("below", bounds["min"] - 1), ("above", bounds["max"] + 1), ("far above", 2**31 - 1)):
            yield label, number
    elif kind == "string":
        if bounds.get("min"):
            yield "too short", text(bounds["min"] - 1)
        if "max" in bounds:
            yield "too long", text(bounds["max"] + 1)
        if "pattern" in bounds:
            yield "pattern", "x\u20ac y"
            yield "pattern end", "x\x00"
    elif kind == "blob":
        if bounds.get("min"):
            yield "too short", encoded(bounds["min"] - 1)
        if "max" in bounds:
            yield "too long", encoded(bounds["max"] + 1)
    elif kind == "list":
        if bounds.get("min"):
            yield "too few", [valid(shape.member) for _ in range(bounds["min"] - 1)]
        if "max" in bounds:
            yield "too many", [valid(shape.member) for _ in range(bounds["max"] + 1)]
        if shape.member.type_name != "structure":
            for label, value in breaking(shape.member, False):
                yield f"element {label}", [valid(shape.member), value]
            yield "element null", [None]


def bounding(shape):
    """Values exactly on the bounds."""
    bounds, kind = shape.metadata, shape.type_name
    for edge in ("min", "max"):
        if edge in bounds:
            size = bounds[edge]
            if kind == "string":
                yield f"{edge} length", text(size)
            elif kind == "blob":
                yield f"{edge} length", encoded(size)
            elif kind == "list" and size:
                yield f"{edge} size", [valid(shape.member) for _ in range(size)]
            elif kind in ("integer", "long"):
                yield f"{edge} value", size


def members(shape, path=()):
    """(path, shape, required) of every member, nested ones included."""
    for name, member in shape.members.items():
        here = (*path, name)
        yield here, member, name in shape.required_members
        if member.type_name == "structure":
            yield from members(member, here)
        elif member.type_name == "list" and member.member.type_name == "structure":
            yield from members(member.member, (*here, 0))


def placed(operation, path, value, document=None):
    """A valid document of the operation, one member changed; ABSENT leaves the member out."""
    at_shape = input_shape(operation)
    document = copy.deepcopy(valid(at_shape) if document is None else document)
    at = document
    for step in path[:-1]:
        at_shape = at_shape.member if isinstance(step, int) else at_shape.members[step]
        at = at[step] if isinstance(step, int) else at.setdefault(step, valid(at_shape))
    if value is ABSENT:
        at.pop(path[-1], None)
    else:
        at[path[-1]] = value
    return document


def broken_cases():
    for operation in SERVED:
        for path, shape, required in members(input_shape(operation)):
            for label, value in breaking(shape, required):
                yield operation, path, label, value


def bounding_cases():
    for operation in SERVED:
        for path, shape, _ in members(input_shape(operation)):
            for label, value in bounding(shape):
                yield operation, path, label, value


def pairs():
    """Two members broken at once: each with its neighbour, and the first with the last."""
    for operation in SERVED:
        ways = []
        for path, shape, required in members(input_shape(operation)):
            found = next(iter(breaking(shape, required)), None)
            if found:
                ways.append((path, *found))
        chosen = list(itertools.pairwise(ways))
        if len(ways) > 2:
            chosen.append((ways[0], ways[-1]))
        for first, second in chosen:
            if first[0] != second[0][: len(first[0])]:
                yield operation, first, second


def name(path):
    return ".".join(str(p) for p in path)


def refuses(raw, operation, document):
    message = oracle.complaint(input_shape(operation), document)
    assert message, f"the case breaks nothing: {document}"
    answer = raw.call(operation, document)
    assert (answer.status, answer.code, answer.message) == (400, "ValidationException", message)
    assert set(answer.document) == {"__type", "message"}


# KEY-40, KEY-149, KEY-187, KEY-326, KEY-329
@pytest.mark.parametrize(
    ("operation", "path", "value"),
    [pytest.param(o, p, v, id=f"{o}-{name(p)}-{label}") for o, p, label, v in broken_cases()],
)
def test_a_broken_constraint_is_named(raw, operation, path, value):
    refuses(raw, operation, placed(operation, path, value))


# KEY-149
@pytest.mark.parametrize(
    ("operation", "first", "second"),
    [pytest.param(o, a, b, id=f"{o}-{name(a[0])}-{name(b[0])}") for o, a, b in pairs()],
)
def test_two_broken_constraints_are_both_named(raw, operation, first, second):
    document = placed(operation, first[0], first[2])
    document = placed(operation, second[0], second[2], document)
    refuses(raw, operation, document)


@pytest.mark.parametrize(
    ("operation", "path", "value"),
    [pytest.param(o, p, v, id=f"{o}-{name(p)}-{label}") for o, p, label, v in bounding_cases()],
)
def test_a_value_on_its_bound_is_not_refused_for_its_size(raw, operation, path, value):
    document = placed(operation, path, value)
    expected = oracle.complaint(input_shape(operation), document)
    answer = raw.call(operation, document)
    assert answer.status in (200, 400)
    if expected:
        assert answer.message == expected
    elif answer.status == 400:
        assert "validation error" not in (answer.message or "")


def test_no_more_than_ten_violations_are_named(raw):
    document = {"KeyId": KEY, "Tags": [{"TagKey": "", "TagValue": "x"} for _ in range(14)]}
    refuses(raw, "TagResource", document)


# KEY-329
def test_the_place_of_a_bad_tag_is_named(raw):
    long = "k" * 129
    document = {"KeyId": KEY, "Tags": [{"TagKey": "a", "TagValue": ""}, {"TagKey": long, "TagValue": "v" * 257}]}
    message = oracle.complaint(input_shape("TagResource"), document)
    assert "'tags.2.member.tagKey'" in message and "'tags.2.member.tagValue'" in message
    refuses(raw, "TagResource", document)


def test_the_oracle_knows_published_messages():
    """Sentences that the service is known to write, so that oracle and server cannot be wrong alike."""
    known = {
        ("TagResource", "long tag"): (
            {"KeyId": KEY, "Tags": [{"TagKey": "k" * 129, "TagValue": "v"}]},
            f"1 validation error detected: Value '{'k' * 129}' at 'tags.1.member.tagKey' failed to satisfy constraint: "
            "Member must have length less than or equal to 128",
        ),
        ("EnableKey", "no key"): (
            {},
            "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null",
        ),
        ("ListKeys", "limit"): (
            {"Limit": 0},
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        ),
    }
    for (operation, _), (document, message) in known.items():
        assert oracle.complaint(input_shape(operation), document) == message
