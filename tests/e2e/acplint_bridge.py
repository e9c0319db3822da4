"""Stands between acplint and an agent, and puts right where acplint 0.1 is not as the protocol is.

    python -m tests.e2e.acplint_bridge AGENT ARGUMENT...

The protocol (schema 1.19) and the official SDK have a number for `protocolVersion`, `prompt` for
the blocks of a prompt, `agent_message_chunk` and its like for updates, which hold a call's fields
themselves, `name` for an option, and `outcome: "selected"` in a permission. What the agent says is
otherwise handed on as it is.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from typing import Any


def main() -> int:
    agent = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert agent.stdin is not None
    assert agent.stdout is not None
    hearing = threading.Thread(target=_hear, args=(agent.stdout,), daemon=True)
    hearing.start()
    for line in sys.stdin.buffer:
        agent.stdin.write(json.dumps(to_agent(json.loads(line))).encode() + b"\n")
        agent.stdin.flush()
    agent.stdin.close()
    hearing.join()
    return agent.wait()


def _hear(output: Any) -> None:
    for line in output:
        print(json.dumps(from_agent(json.loads(line))), flush=True)


def to_agent(message: dict[str, Any]) -> dict[str, Any]:
    params, result = message.get("params"), message.get("result")
    if message.get("method") == "session/prompt" and params:
        params["prompt"] = params.pop("content")
    if isinstance(result, dict) and "outcome" in result:
        result["outcome"]["outcome"] = "selected"
    return message


def from_agent(message: dict[str, Any]) -> dict[str, Any]:
    params, result = message.get("params") or {}, message.get("result") or {}
    if "protocolVersion" in result:
        result["protocolVersion"] = str(result["protocolVersion"])
    for option in result.get("configOptions") or ():
        option["label"] = option["name"]
    if message.get("method") == "session/update":
        update = params["update"]
        for option in update.get("configOptions") or ():
            option["label"] = option["name"]
        update["sessionUpdate"] = kind = _camel(update["sessionUpdate"])
        if kind in ("toolCall", "toolCallUpdate"):
            params["update"] = {"sessionUpdate": kind, kind: update}
    if message.get("method") == "session/request_permission":
        params["description"] = params["toolCall"]["title"]
        for option in params["options"]:
            option["id"] = option["optionId"]
    return message


def _camel(name: str) -> str:
    return re.sub("_(.)", lambda match: match[1].upper(), name)


if __name__ == "__main__":
    sys.exit(main())
