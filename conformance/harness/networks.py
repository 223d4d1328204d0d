"""The networks that a server is reached from: its private endpoints."""

import json


class Through:
    """The server as it is seen through one of its listeners."""

    def __init__(self, port, host="127.0.0.1"):
        self.endpoint = f"http://{host}:{port}"


def endpoint(port, endpoint_id, vpc_id, policy=None, host="127.0.0.1", **more):
    """The table of the configuration that makes a listener a private endpoint. The policy is a document, or the path of
    one."""
    settings = {"address": f"{host}:{port}", "endpoint_id": endpoint_id, "vpc_id": vpc_id, **more}
    if policy is not None:
        settings["policy"] = json.dumps(policy) if isinstance(policy, dict) else str(policy)
    # What JSON makes of a text is how TOML writes it, too.
    return "[[listeners]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()) + "\n"
