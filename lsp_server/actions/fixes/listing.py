"""Put an item into a list that is written in brackets, in the way that the list is written."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from lsp_server.actions.action import Edit


def inserted(data: bytes, items: Sequence[Node], place: int, new: str) -> Edit:
    """Put a text in front of the item of that number, or behind the last; there is at least one."""
    if place < len(items):
        node = items[place]
        gap = _gap(data, node) or _gap_behind(data, node)
        return Edit(node.start_byte, node.start_byte, f"{new},{gap or ' '}")
    node = items[-1]
    return Edit(node.end_byte, node.end_byte, f",{_gap(data, node) or ' '}{new}")


def _gap(data: bytes, node: Node) -> str:
    """The white space in front of an item."""
    start = node.start_byte
    before = data[:start].rstrip(b" \t\r\n")
    return data[len(before) : start].decode()


def _gap_behind(data: bytes, node: Node) -> str:
    """The white space behind an item and its comma; empty if no item follows."""
    comma = node.next_sibling
    following = comma and comma.next_named_sibling
    if comma is None or comma.type != "," or following is None:
        return ""
    return data[comma.end_byte : following.start_byte].decode(errors="replace")
