"""What is left in the memory of the server when it has answered."""

import base64
import re

# Bytes read at a time; a data key may lie across two pieces, so they overlap.
PIECE, OVERLAP = 1 << 20, 64
NOTHING = bytes(PIECE + OVERLAP)


def memory(pid):
    """What the process can write to and has not left empty, piece by piece."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        areas = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", maps.read(), re.MULTILINE)
        for begin, end in ((int(begin, 16), int(end, 16)) for begin, end in areas):
            for at in range(begin, end, PIECE):
                mem.seek(at)
                piece = mem.read(min(PIECE + OVERLAP, end - at))
                if piece != NOTHING[: len(piece)]:
                    yield piece


# KEY-107
def test_data_keys_are_wiped_when_they_have_been_sent(server, kms, key):
    # Long ones, because the place of a short one is soon taken by something else.
    asked = {"KeyId": key["KeyId"], "NumberOfBytes": 1024}
    made = [kms.generate_data_key(**asked) for _ in range(4)]
    sealed = [kms.generate_data_key_without_plaintext(**asked) for _ in range(4)]
    opened = [kms.decrypt(CiphertextBlob=answer["CiphertextBlob"]) for answer in made + sealed]
    data_keys = {answer["Plaintext"] for answer in made + opened}
    assert len(data_keys) == 8
    forms = [form for bare in data_keys for form in (bare, base64.b64encode(bare))]
    parts = [form[at : at + 32] for form in forms for at in range(64, 1024, 192)]
    pieces = list(memory(server.process.pid))
    assert any(key["KeyId"].encode() in piece for piece in pieces), "what the server keeps is found"
    assert not [part for part in parts if any(part in piece for piece in pieces)]
