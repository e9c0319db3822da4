"""The `fimble` command: arguments in, exit code out. Each subcommand has a file of its own.

Nothing heavy is imported before it is known which subcommand runs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from lsp_server import __version__
from lsp_server.agent.display import visible
from lsp_server.errors import FimbleError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code. Errors are one sentence on standard error."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may lack what a model writes
    try:
        command = import_module(f"lsp_server.cli.{options.command}")
        code = int(command.run(options))
        sys.stdout.flush()
        return code
    except FimbleError as error:
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        print("fimble: stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone; what is left in the buffer must not fail at exit.
        _discard_output()
        # For most commands what they print is all they do; a chat has not ended by itself.
        return FimbleError.exit_code if options.command == "chat" else 0
    except OSError as error:
        _discard_output()  # it may be what failed: a full disk
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}.")
        return FimbleError.exit_code


def complain(sentence: str) -> None:
    """Say what is wrong; names and answers of servers in it may have what a terminal obeys."""
    print(f"fimble: {visible(sentence, keep='')}", file=sys.stderr)


def _discard_output() -> None:
    """Let what is left in the buffer of standard output go nowhere."""
    with contextlib.suppress(OSError):  # it may be no file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fimble",
        description="Code completion from a Coder model on your own machine.",
    )
    parser.add_argument("--version", action="version", version=f"fimble {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="run the language server on standard input/output")
    serve.add_argument("--tcp", metavar="HOST:PORT", help="listen on a loopback address instead")
    _engine_options(serve)

    acp = commands.add_parser("acp", help="run the agent for editors, on standard input/output")
    _engine_options(acp)

    complete = commands.add_parser("complete", help="print what belongs at a place in a file")
    complete.add_argument("place", metavar="FILE:LINE[:COL]", help="counted from 1; COL: line end")
    complete.add_argument("--json", action="store_true", help="print one JSON object")
    _engine_options(complete)

    explain = commands.add_parser("explain", help="say what code does, or what an error means")
    explain.add_argument("place", metavar="FILE:LINE", nargs="?", help="counted from 1")
    explain.add_argument(
        "--error",
        metavar="FILE",
        nargs="?",
        const="-",
        help="say what an error means that was printed; read from a file or standard input",
    )
    _engine_options(explain)

    fix = commands.add_parser(
        "fix",
        help="repair a file until a check passes; print the change",
        epilog="Exit status: 0 if nothing is wrong any more, 1 if something is left.",
    )
    fix.add_argument("file", metavar="FILE", help="of code, in UTF-8 or what it declares")
    fix.add_argument("--check", metavar="CMD", help="a command that fails while something is wrong")
    fix.add_argument(
        "--write",
        action="store_true",
        help="make the change, too; without a sandbox each try is written meanwhile",
    )
    fix.add_argument(
        "--seconds", metavar="N", type=float, default=120.0, help="for all of it; default: 120"
    )
    _engine_options(fix)

    chat = commands.add_parser("chat", help="have a model read, edit and run for you")
    _chat_options(chat)
    _engine_options(chat)

    measure = commands.add_parser("eval", help="measure models on your own code, side by side")
    _eval_options(measure)

    models = commands.add_parser("models", help="list, fetch and remove models")
    actions = models.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="what there is, here and in the catalogue")
    listing.add_argument("--all", action="store_true", help="those too that can't be pulled")
    listing.add_argument("--json", action="store_true", help="print one JSON array")
    advice = actions.add_parser("recommend", help="say which models fit this machine, and why")
    advice.add_argument(
        "--describe",
        metavar="FILE",
        help="machines in TOML instead of this one; see docs/models.md",
    )
    form = advice.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--table", action="store_true", help="print a table in Markdown")
    pulling = actions.add_parser(
        "pull", help="fetch a model of the catalogue; goes on where an earlier pull stopped"
    )
    pulling.add_argument("model", metavar="MODEL")
    pulling.add_argument(
        "--json", action="store_true", help="print how far it is, one JSON object a line"
    )
    for action, text in (
        ("path", "print where a model's file lies"),
        ("remove", "delete a model that was pulled"),
    ):
        actions.add_parser(action, help=text).add_argument("model", metavar="MODEL")

    stats = commands.add_parser("stats", help="how quick suggestions were, and how many were taken")
    told = stats.add_mutually_exclusive_group()
    told.add_argument("--json", action="store_true", help="print one JSON object")
    told.add_argument("--delete", action="store_true", help="delete what was counted")

    log = commands.add_parser("log", help="show what was sent to endpoints, if that is kept")
    log.add_argument("--last", metavar="N", type=_positive, default=50, help="so many; default: 50")
    shown = log.add_mutually_exclusive_group()
    shown.add_argument("--content", action="store_true", help="print what was sent, if it is kept")
    shown.add_argument("--json", action="store_true", help="print one JSON object a line")
    shown.add_argument("--clear", action="store_true", help="delete what was noted")

    key = commands.add_parser("key", help="keep keys of endpoints in the system's keyring")
    changes = key.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action, text in (
        ("set", "ask for a key, or read it from standard input, and keep it"),
        ("delete", "forget a key"),
    ):
        named = changes.add_parser(action, help=text)
        named.add_argument("name", metavar="NAME", help="settings say `keyring:NAME`")

    doctor = commands.add_parser("doctor", help="say what works, what doesn't, and what to do")
    doctor.add_argument(
        "--probe",
        action="store_true",
        help="give the model small tasks too, and remember how it is best asked; done with --model",
    )
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    _engine_options(doctor)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        help="id of the catalogue, path of a GGUF file, ollama:NAME ..., or a name at the endpoint",
    )
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        help="ask this server instead of a model here; its address, or a name in settings.json",
    )
    parser.add_argument(
        "--script", metavar="FILE", help="answer from a script, without a model; for tests"
    )


def _chat_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-p", "--prompt", metavar="TEXT", help="say this, and end when it is done")
    add("--cwd", metavar="FOLDER", default=".", help="the folder to work in; default: .")
    add(
        "--approve",
        choices=("read", "edit", "all"),
        help="what is done without asking; with -p the rest is not done, and the default is read",
    )
    add(
        "--trust",
        action="store_true",
        help="let the folder's AGENTS.md, .fimble and .mcp.json count",
    )
    add("--json", action="store_true", help="with -p: print one event a line, as JSON")
    add("--resume", metavar="ID", help="go on with a session")
    stored = parser.add_mutually_exclusive_group()
    stored.add_argument("--list", action="store_true", help="list the folder's sessions")
    stored.add_argument("--export", metavar="ID", help="print a session as JSON")
    stored.add_argument("--delete", metavar="ID", help="delete a session")
    stored.add_argument("--undo", metavar="ID", help="take back all that a session has changed")


def _eval_options(parser: argparse.ArgumentParser) -> None:
    kinds = ("line", "block", "arguments", "cross-file")
    add = parser.add_argument
    add("folder", metavar="FOLDER", nargs="?", default=".", help="in a git repository; default: .")
    for name, metavar, text in (
        ("--model", "MODEL", "ids of the catalogue, paths of GGUF files, ollama:NAME ..."),
        ("--endpoint", "URL", "servers to ask; they are sent the code"),
        ("--script", "FILE", "answer from scripts, without models; for tests"),
    ):
        add(name, metavar=metavar, nargs="+", action="extend", default=[], help=text)
    add("--cases", metavar="N", type=int, default=20, help="of each kind; default: 20")
    add("--kinds", nargs="+", choices=kinds, help="all by default")
    add("--seed", metavar="N", type=int, default=0, help="another seed gives other cases")
    add("--budget-ms", metavar="MS", type=int, default=1500, help="time that sizes the prompts")
    add("--json", action="store_true", help="print one JSON object")
    add("--fresh", action="store_true", help="ask again what was answered in an earlier run")
