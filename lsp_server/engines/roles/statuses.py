"""What the user is told of several engines that fill gaps, as if they were one."""

from __future__ import annotations

from dataclasses import replace

from lsp_server.engines.base import EngineStatus, StatusListener
from lsp_server.engines.roles.order import Member, Order


class Statuses:
    """Hears each engine, and tells what concerns the one that is asked.

    That one of them has failed is no failure as long as another can answer.
    """

    def __init__(self, on_status: StatusListener) -> None:
        self._on_status = on_status
        self._latest: dict[str, EngineStatus] = {}
        self.order: Order | None = None
        """To be set before an engine is asked for anything."""

    def listener(self, name: str) -> StatusListener:
        """That of the engine of that name."""
        return lambda status: self._heard(name, status)

    def changed(self) -> None:
        """Another engine is asked from now on, or the same one again."""
        assert self.order is not None
        if len(self.order.members) == 1:  # it has told itself
            return
        first = self.order.first
        status = self._latest.get(first.name)
        if first.failure is not None:
            self._on_status(EngineStatus.failed(self.order.failure()))
        elif status is not None and status.state == "ready":
            self._on_status(self._told(first, status))

    def _heard(self, name: str, status: EngineStatus) -> None:
        assert self.order is not None
        members = self.order.members
        if len(members) == 1:
            if name == members[0].name:
                self._on_status(status)
            return
        self._latest[name] = status
        first = self.order.first
        if name == first.name and status.state in ("loading", "ready"):
            self._on_status(self._told(first, status))

    def _told(self, member: Member, status: EngineStatus) -> EngineStatus:
        assert self.order is not None
        wanted = self.order.members[0]
        if member is wanted or status.state != "ready":
            return status
        message = f"{status.message} It stands in for {wanted.name}: {wanted.failure}"
        return replace(status, message=message)
