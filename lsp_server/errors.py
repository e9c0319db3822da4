"""Every error that Fimble shows to a user.

    FimbleError
    ├── UsageError             what was asked for can't be done as asked (file, position, address)
    │   └── DocumentChanged    a document is no longer as it was when this was asked for
    ├── ModelError
    │   ├── UnknownModel       no such id in the catalogue
    │   ├── ModelMissing       known, but not on this machine
    │   ├── ModelUnusable      truncated, not GGUF, or not the file the catalogue describes
    │   ├── NoFimMarkers       the vocabulary has no fill-in-the-middle markers
    │   ├── NotEnoughMemory    weights and context don't fit into free memory
    │   └── DownloadFailed     a pull did not finish; what has arrived is kept
    ├── AgentError
    │   ├── PathRefused        a path that the agent must not read or write
    │   ├── NotAllowed         the user, or the mode, does not let it be done
    │   ├── FileChanged        a file is not as it was when the edit was worked out
    │   └── UndoRefused        undoing would lose what somebody wrote since
    ├── StoreError             stored chat sessions can't be read or written
    └── EngineError
        ├── EngineUnavailable  no engine can answer now: not installed, or given up after crashes
        ├── ContextExceeded    the chat is longer than what the model can read
        ├── EngineCrashed      the worker died or hung while this request was running
        ├── EngineChanged      the engine broke off, and another one answers from now on
        └── RemoteError        the endpoint refused, failed or could not be reached
            └── KeyUnavailable the system's keyring doesn't give or take a key

The message is one sentence (or two) that says what is wrong and what to do about it; it never holds
the user's code. `exit_code` is what the command line returns.
"""


class FimbleError(Exception):
    """Base of all errors that are meant for the user's eyes."""

    exit_code = 1


class UsageError(FimbleError):
    """What was asked for can't be done as asked."""

    exit_code = 2


class DocumentChanged(UsageError):
    """A document is no longer as it was when this was asked for."""


class ModelError(FimbleError):
    """Something is wrong with a model file."""

    exit_code = 3


class UnknownModel(ModelError):
    """No model of that name is known."""


class ModelMissing(ModelError):
    """The model is known but not on this machine."""


class ModelUnusable(ModelError):
    """The file is not a model that can be loaded."""


class NoFimMarkers(ModelError):
    """The model's vocabulary has no fill-in-the-middle markers."""


class NotEnoughMemory(ModelError):
    """The model does not fit into free memory."""


class DownloadFailed(ModelError):
    """A model could not be fetched."""


class AgentError(FimbleError):
    """The agent could not do something to the user's files.

    The sentence is for the user; `advice` is what a model is told besides.
    """

    exit_code = 5

    def __init__(self, sentence: str, advice: str = "") -> None:
        super().__init__(sentence)
        self.advice = advice


class PathRefused(AgentError):
    """A path that the agent must not read or write."""


class NotAllowed(AgentError):
    """The user, or the mode, does not let something be done."""


class FileChanged(AgentError):
    """A file is not as it was when the edit was worked out."""


class UndoRefused(AgentError):
    """Undoing would lose what somebody wrote since."""


class StoreError(FimbleError):
    """Stored sessions can't be read or written."""


class EngineError(FimbleError):
    """An engine could not answer."""

    exit_code = 4


class EngineUnavailable(EngineError):
    """No engine can answer now."""


class ContextExceeded(EngineError):
    """The messages of a chat are longer than the context."""


class EngineCrashed(EngineError):
    """The engine's worker died or hung during this request."""


class EngineChanged(EngineError):
    """The engine that was asked failed; the next one is to be asked in its own way."""


class RemoteError(EngineError):
    """A remote endpoint refused, failed or could not be reached."""


class KeyUnavailable(RemoteError):
    """The system's keyring doesn't give or take a key."""


def describe(error: BaseException) -> str:
    """Kind and place of an error, for a log: its text is left out, it may hold the user's code."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return f"{type(error).__name__}{place}"
