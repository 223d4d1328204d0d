"""What the service says of a request that breaks its model, worked out from the published model alone.

It shares nothing with the server but the model: it walks botocore's shapes and Python values, in the model's
order, and writes the framework's sentences. A document that breaks nothing yields None.
"""

import base64
import re

MOST = 10


def complaint(shape, document):
    """The whole message for a document, or None."""
    found = list(structure(shape, document, ""))[:MOST]
    if not found:
        return None
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
    return count + "; ".join(found)


def structure(shape, document, prefix):
    for name, member in shape.members.items():
        path = prefix + name[0].lower() + name[1:]
        value = document.get(name)
        if value is None:
            if name in shape.required_members:
                yield f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
        elif member.type_name == "structure":
            yield from structure(member, value, path + ".")
        elif member.type_name == "list":
            yield from sequence(member, value, path)
        else:
            for rule in broken(member, value):
                yield f"Value {shown(member, value)}at '{path}' failed to satisfy constraint: {rule}"


def sequence(shape, values, path):
    bounds = shape.metadata
    whole = "" if shape.member.type_name == "structure" else ", ".join(plain(shape.member, v) for v in values)
    shown_list = f"'[{whole}]' "
    if "max" in bounds and len(values) > bounds["max"]:
        yield f"Value {shown_list}at '{path}' failed to satisfy constraint: {at_most(bounds)}"
    elif "min" in bounds and len(values) < bounds["min"]:
        yield f"Value {shown_list}at '{path}' failed to satisfy constraint: {at_least(bounds)}"
    if shape.member.type_name == "structure":
        for position, value in enumerate(values, 1):
            yield from structure(shape.member, value, f"{path}.{position}.member.")
    elif any(v is None or list(broken(shape.member, v)) for v in values):
        rules = ", ".join([*every(shape.member), "Member must not be null"])
        yield f"Value {shown_list}at '{path}' failed to satisfy constraint: Member must satisfy constraint: [{rules}]"


def broken(shape, value):
    """The rules of a scalar that a value breaks: membership and pattern first, then one bound."""
    bounds = shape.metadata
    if bounds.get("enum") and value not in bounds["enum"]:
        yield one_of(bounds)
    if "pattern" in bounds and not matches(bounds["pattern"], value):
        yield pattern(bounds)
    size = measure(shape, value)
    if "max" in bounds and size > bounds["max"]:
        yield at_most(bounds, shape)
    elif "min" in bounds and size < bounds["min"]:
        yield at_least(bounds, shape)


def every(shape):
    """All rules of a list's element, in the order in which the framework lists them."""
    bounds = shape.metadata
    if bounds.get("enum"):
        yield one_of(bounds)
    if "max" in bounds:
        yield at_most(bounds, shape)
    if "min" in bounds:
        yield at_least(bounds, shape)
    if "pattern" in bounds:
        yield pattern(bounds)


def measure(shape, value):
    if shape.type_name == "blob":
        return len(base64.b64decode(value))
    return value if shape.type_name in ("integer", "long") else len(value)


def matches(expression, value):
    """The whole value must match, as Java's `matches` has it; `\\w` is ASCII there."""
    return re.fullmatch(expression, value, re.ASCII) is not None


def is_number(shape):
    return shape is not None and shape.type_name in ("integer", "long")


def at_most(bounds, shape=None):
    what = "value" if is_number(shape) else "length"
    return f"Member must have {what} less than or equal to {bounds['max']}"


def at_least(bounds, shape=None):
    what = "value" if is_number(shape) else "length"
    return f"Member must have {what} greater than or equal to {bounds['min']}"


def pattern(bounds):
    return f"Member must satisfy regular expression pattern: {bounds['pattern']}"


def one_of(bounds):
    return f"Member must satisfy enum value set: [{', '.join(bounds['enum'])}]"


def plain(shape, value):
    """A value as the service's runtime prints it."""
    if value is None:
        return "null"
    if shape.type_name == "blob":
        size = measure(shape, value)
        return f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]"
    if shape.type_name == "structure":
        raise AssertionError("no served list of structures has a bound of its own")
    return str(value)


def shown(shape, value):
    """Nothing of what the model calls sensitive is repeated."""
    return "" if shape.metadata.get("sensitive") else f"'{plain(shape, value)}' "
