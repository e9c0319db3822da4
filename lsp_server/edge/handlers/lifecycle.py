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


def initialize(server: FimbleServer, params: types.InitializeParams) -> None:
    """Take the settings that came with the request; problems are named once shown is possible."""
    server.session.encoding = convert.encoding(server.workspace.position_encoding)
    server.session.root = root_of(params)
    server.session.feedback.repository = repository_key(server.session.root)
    options = params.initialization_options
    if isinstance(options, dict) and SECTION in options:
        options = options[SECTION]
    server.problems = server.session.configure(options)


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
