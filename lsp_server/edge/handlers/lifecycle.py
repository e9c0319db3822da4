"""Start, settings, end."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.edge import convert
from lsp_server.edge.server import FimbleServer

SECTION = "fimble"


def initialize(server: FimbleServer, params: types.InitializeParams) -> None:
    """Take the settings that came with the request; problems are named once shown is possible."""
    server.session.encoding = convert.encoding(server.workspace.position_encoding)
    server.problems = server.session.configure(params.initialization_options)


async def initialized(server: FimbleServer, _params: types.InitializedParams) -> None:
    """Name problems of the settings, and load the model."""
    server.name_problems(server.problems)
    server.start_progress()
    server.session.warm_up()


async def did_change_configuration(
    server: FimbleServer, params: types.DidChangeConfigurationParams
) -> None:
    """Use new settings: pushed (`{"fimble": {...}}` or the section itself), or asked for.

    A client that has none to tell says null; those of `initialize` then stay.
    """
    pushed = params.settings
    if isinstance(pushed, dict) and SECTION in pushed:
        pushed = pushed[SECTION]
    elif not pushed and _can_be_asked(server):
        item = types.ConfigurationItem(section=SECTION)
        [pushed] = await server.workspace_configuration_async(types.ConfigurationParams([item]))
    if pushed is not None:
        server.name_problems(server.session.configure(pushed))


async def shutdown(server: FimbleServer, _params: None) -> None:
    """Unload the model."""
    await server.session.close()


def _can_be_asked(server: FimbleServer) -> bool:
    workspace = server.client_capabilities.workspace
    return workspace is not None and bool(workspace.configuration)
