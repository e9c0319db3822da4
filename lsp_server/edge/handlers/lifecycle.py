"""Start, settings, end."""

from __future__ import annotations

from dataclasses import fields

from lsprotocol import types

from lsp_server.completion.outcomes import repository_key
from lsp_server.edge import convert
from lsp_server.edge.folder import root_of
from lsp_server.edge.server import FimbleServer
from lsp_server.settings import Settings

SECTION = "fimble"
CHAT = "chat"
"""Beside it among the options of `initialize`: `true` if the client has a chat. Settings for a chat
are an object of the same name within the section."""


def initialize(server: FimbleServer, params: types.InitializeParams) -> None:
    """Take the settings that came with the request; problems are named once shown is possible."""
    server.session.encoding = convert.encoding(server.workspace.position_encoding)
    server.session.root = root_of(params)
    server.session.feedback.repository = repository_key(server.session.root)
    settings, server.shows_explanations = _options(params.initialization_options)
    server.problems = server.session.configure(settings)


async def initialized(server: FimbleServer, _params: types.InitializedParams) -> None:
    """Name problems of the settings, load the model, and read the workspace."""
    server.name_problems(server.problems)
    server.start_progress()
    server.keep_stats()
    server.open_folder()
    server.session.warm_up()


async def did_change_configuration(
    server: FimbleServer, params: types.DidChangeConfigurationParams
) -> None:
    """Use new settings: pushed (`{"fimble": {...}}` or the section itself), or asked for.

    A client that tells of none, or only of others', leaves them as they are.
    """
    section = _section(params.settings)
    if section is None and _can_be_asked(server):
        item = types.ConfigurationItem(section=SECTION)
        answer = await server.workspace_configuration_async(types.ConfigurationParams([item]))
        section = answer[0] if isinstance(answer, list | tuple) and answer else None
    if section is not None:
        server.name_problems(server.session.configure(section))


async def shutdown(server: FimbleServer, _params: None) -> None:
    """End what runs, and unload the model."""
    await server.close()


def _options(given: object) -> tuple[object, bool]:
    """The settings among the options, named or bare, and whether the client has a chat."""
    if not isinstance(given, dict):
        return given, False
    has_chat = given.get(CHAT) is True
    if SECTION in given:
        return given[SECTION], has_chat
    return {name: each for name, each in given.items() if name != CHAT or not has_chat}, has_chat


def _section(pushed: object) -> object:
    """Our part of what a client pushed, named or bare; None if it is empty or others'."""
    if not isinstance(pushed, dict):
        return None
    if SECTION in pushed:
        section: object = pushed[SECTION]
        return section
    known = {field.name for field in fields(Settings)}  # one word each, so the same on the wire
    return pushed if known & pushed.keys() else None


def _can_be_asked(server: FimbleServer) -> bool:
    workspace = server.client_capabilities.workspace
    return workspace is not None and bool(workspace.configuration)
