"""System calls that the sandbox refuses, where namespaces don't separate: a seccomp filter.

Sockets of kinds that have no network namespace of their own (a virtual machine's host answers on
`AF_VSOCK`), keys in the kernel's keyrings, what types into a terminal, and three interfaces
(io_uring, bpf, perf) that get around filters or are broken again and again.
"""

from __future__ import annotations

import errno
import os
import platform
import socket
import struct

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
"""Codes of the filter's machine: load a word, jump if, jump if, end."""
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE = 0, 4
_FIRST, _SECOND = 16, 24
"""Where a call's number, architecture and arguments stand in what the filter is given."""
_OTHER_ABI = 0x40000000
"""Numbers from here on are x32's."""

_TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX."""
_SOCKETS = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16)
"""Local, network (its own has but a loopback), and netlink, which lists interfaces."""

_MACHINES = {
    # audit's number of the architecture; socket, ioctl; add_key, request_key, keyctl, bpf,
    # perf_event_open, userfaultfd, io_uring_setup, io_uring_enter, io_uring_register
    "x86_64": (0xC000003E, 41, 16, (248, 249, 250, 321, 298, 323, 425, 426, 427)),
    "aarch64": (0xC00000B7, 198, 29, (217, 218, 219, 280, 241, 282, 425, 426, 427)),
}


def open_filter() -> int | None:
    """A descriptor that the filter can be read from; None on a machine that there is none for."""
    program = filter_for(platform.machine())
    if program is None:
        return None
    descriptor = os.memfd_create("seccomp", 0)
    os.write(descriptor, program)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def filter_for(machine: str) -> bytes | None:
    """The filter for a machine, in the kernel's form."""
    numbers = _MACHINES.get(machine)
    if numbers is None:
        return None
    architecture, socket_call, ioctl_call, refused = numbers
    refuse = _step(_RETURN, _REFUSE | errno.EPERM)
    program = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, architecture, 1, 0),
        refuse,
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, _OTHER_ABI, 0, 1),
        refuse,
    ]
    for number in refused:
        program += [_step(_EQUAL, number, 0, 1), refuse]
    of_terminals = [_step(_LOAD, _SECOND)]
    for request in _TERMINAL_INPUT:
        of_terminals += [_step(_EQUAL, request, 0, 1), refuse]
    of_terminals.append(_step(_RETURN, _ALLOW))
    program += [_step(_EQUAL, ioctl_call, 0, len(of_terminals)), *of_terminals]
    of_sockets = [_step(_LOAD, _FIRST)]
    for kind in _SOCKETS:
        of_sockets += [_step(_EQUAL, kind, 0, 1), _step(_RETURN, _ALLOW)]
    of_sockets.append(_step(_RETURN, _REFUSE | errno.EAFNOSUPPORT))
    program += [_step(_EQUAL, socket_call, 0, len(of_sockets)), *of_sockets]
    return b"".join([*program, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    """One instruction; the jumps are counts of instructions to leave out."""
    return struct.pack("=HBBI", code, if_so, if_not, value)
