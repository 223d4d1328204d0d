"""The table of operations and key states, read from the specification, and what its cells mean for a kind of key."""

import pathlib
import re

SPEC = pathlib.Path(__file__).parents[2] / "docs/spec/02-audit-metrics-events-deletion.md"
COLUMNS = ("Enabled", "Disabled", "PendingDeletion", "PendingImport", "Unavailable", "Creating", "Updating")
ROW = re.compile(r"\| (MON-\d+) \[state\] \| ([^|]+) \|" + r" ([^|]+) \|" * len(COLUMNS))

OK = None
INVALID, UNSUPPORTED = "KMSInvalidStateException", "UnsupportedOperationException"
# The footnotes that name one error whatever the key: its code, and what its message says behind the key's ARN.
FOOTNOTES = {
    1: ("DisabledException", "is disabled."),
    4: (INVALID, "is not pending deletion."),
    5: (INVALID, "is pending import."),
    11: (INVALID, "is unavailable. You cannot perform this operation on an unavailable KMS key."),
    14: (INVALID, "is creating."),
    15: (INVALID, "is updating."),
}
ENDING = {"PendingDeletion": "is pending deletion.", "PendingReplicaDeletion": "is pending replica deletion."}
CALENDAR = ("EnableKeyRotation", "DisableKeyRotation")
# Today's service answers these for imported material as well.
ANSWERED = ("GetKeyRotationStatus", "ListKeyRotations")


def table():
    """The cells: by operation, by state, as they are written."""
    rows = {}
    for _, operation, *cells in ROW.findall(SPEC.read_text()):
        cells = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))
        cells["PendingReplicaDeletion"] = cells["PendingDeletion"]
        rows[operation.split(" (")[0]] = cells
    return rows


def wrong_origin(origin):
    return UNSUPPORTED, f"origin is {origin} which is not valid for this operation."


def expected(operation, state, cell, origin):
    """What the operation answers for a key of this origin in this state: `OK`, or code and message."""
    notes = [int(note) for note in re.findall(r"\[(\d+)\]", cell)]
    imported = origin == "EXTERNAL"
    if cell.startswith("N/A"):
        # Asymmetric and HMAC keys can wait for material; what stands there is older than that.
        return FOOTNOTES[5]
    if imported and operation in CALENDAR:
        return wrong_origin(origin)
    if imported and operation in ANSWERED:
        return OK
    if imported and operation == "RotateKeyOnDemand" and cell.startswith("?"):
        return INVALID, "No available key material pending rotation for the key: {arn}."
    if not imported and 9 in notes:
        return wrong_origin(origin)
    if cell.startswith("ok") or (cell.startswith("?") and 10 not in notes):
        return OK
    if {2, 3, 8, 10} & set(notes):
        return INVALID, ENDING[state]
    if 6 in notes:
        return FOOTNOTES[5]
    return FOOTNOTES[next(note for note in notes if note in FOOTNOTES)]
