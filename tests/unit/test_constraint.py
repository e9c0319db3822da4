"""What an answer must begin with: which tokens are allowed, and what comes of them."""

from __future__ import annotations

import random
import re
import time

from hypothesis import given
from hypothesis import strategies as st

from lsp_server.engines.base import Delta, Finished, Priority
from lsp_server.engines.local.constraint import Constraint, going_on_with
from lsp_server.engines.local.drafts import History
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.pieces import PieceIndex
from lsp_server.engines.local.scheduler import Scheduler
from tests.list_context import END, SPEED, Among, Bytes, ListContext, logprob, next_token

MORE = (b"get", b"get_", b"_all", b"all", b"(", b"get(", b"(get", b"et", b" get", b"get\xc3", b"ge")
TOKENS = {piece: 257 + number for number, piece in enumerate(MORE)}


def allowed(constraint: Constraint | None) -> set[bytes | None]:
    """The pieces of more than a byte that are allowed, and None if the answer may end."""
    assert constraint is not None
    tokens = Bytes(*MORE).index.allowed(constraint).tolist()
    assert len(tokens) == len(set(tokens))
    return {None if token == END else MORE[token - 257] for token in tokens if token >= END}


def test_a_name_is_written_whole_and_then_anything_goes() -> None:
    start = going_on_with(b"", ["get", "get_all"])
    assert start is not None
    assert allowed(start) == {b"get", b"get_", b"get(", b"ge"}
    assert start.advance(b"get(") is None
    got = start.advance(b"get")
    assert got is not None
    assert allowed(got) == {None, b"_all", b"(", b"(get", b" get"}
    assert got.advance(b"\n") is None
    longer = got.advance(b"_all")
    assert longer is not None
    assert allowed(longer) == {None, b"(", b"(get", b" get"}
    assert longer.advance(b" get") is None


def test_half_a_word_comes_before_the_names() -> None:
    start = going_on_with(b" ge", ["t", "t_all"])
    assert allowed(start) == {b" get"}
    assert start is not None
    assert start.unsaid == 3
    assert start.advance(b" get") == Constraint((b"", b"_all"), whole=True)
    assert allowed(going_on_with(b"get", [""])) == {b"get", b"get(", b"ge"}
    assert allowed(going_on_with(b"get", [])) == {b"get", b"get_", b"get(", b"get\xc3", b"ge"}
    assert going_on_with(b"", []) is None


def test_all_beyond_ascii_is_part_of_a_word() -> None:
    assert b"get\xc3" in allowed(going_on_with(b"", ["get", "gett", "getö"]))
    assert b"get\xc3" not in allowed(going_on_with(b"", ["get"]))


def test_what_tells_nothing_new_or_ends_is_no_choice() -> None:
    index = Bytes(*MORE).index
    started = going_on_with(b"ge", [])
    assert started is not None
    assert set(index.telling(started).tolist()) == {
        TOKENS[piece] for piece in MORE if piece.startswith(b"ge") and piece != b"ge"
    }
    assert END not in index.telling(Constraint((b"",), whole=True)).tolist()


spellings = st.text("ab_é(", min_size=1, max_size=4).map(str.encode) | st.sampled_from(
    [b"\xff", b"\xff\xff", b"\xc3", b"a"]
)
words = st.text("ab_é", max_size=5)


def follows(text: bytes, constraint: Constraint) -> bool:
    """Whether a text keeps to a constraint, by its definition."""
    for rest in constraint.rests:
        if rest.startswith(text):
            return True
        if text.startswith(rest) and not (
            constraint.whole and re.match(rb"[0-9A-Za-z_\x80-\xff]", text[len(rest) :])
        ):
            return True
    return False


@given(
    st.lists(spellings, max_size=20),
    st.binary(max_size=2) | words.map(str.encode),
    st.lists(words, max_size=5),
    st.sets(st.integers(0, 19)),
)
def test_those_tokens_are_allowed_that_keep_to_it(
    pieces: list[bytes], missing: bytes, names: list[str], hidden: set[int]
) -> None:
    constraint = going_on_with(missing, names)
    if constraint is None:
        return
    ordinary = [token for token in range(len(pieces)) if token not in hidden]
    found = PieceIndex(pieces, ordinary, ()).allowed(constraint).tolist()
    assert sorted(found) == [token for token in ordinary if follows(pieces[token], constraint)]


class Undecided(ListContext):
    """Whatever is allowed may come next, and nothing ends for as long as it may go on."""

    def pick(self, tokens: list[int], among: Among) -> tuple[int, float]:
        if among is not None and among.size > 1:
            among = among[among != END]
        return next_token(tokens, among), logprob(tokens)


def answer(
    context: ListContext,
    vocabulary: Bytes,
    missing: bytes = b"",
    names: tuple[str, ...] = (),
    choice: int = 0,
    max_tokens: int = 60,
    prompt: tuple[int, ...] = (0, 1),
) -> str:
    """The text of a job alone."""
    return ask(Scheduler(context, vocabulary, SPEED), missing, names, choice, max_tokens, prompt)


def ask(
    scheduler: Scheduler,
    missing: bytes = b"",
    names: tuple[str, ...] = (),
    choice: int = 0,
    max_tokens: int = 60,
    prompt: tuple[int, ...] = (0, 1),
) -> str:
    events: list[Delta | Finished] = []
    job = Job(
        list(prompt),
        max_tokens,
        Priority.TYPING,
        events.append,
        constraint=going_on_with(missing, names),
        choice=choice,
        history=History(prompt),
        middle_start=len(prompt),
    )
    scheduler.add(job)
    while scheduler.busy:
        scheduler.step()
    assert isinstance(events[-1], Finished)
    return "".join(event.text for event in events if isinstance(event, Delta))


def begins_with(names: tuple[str, ...], text: str) -> bool:
    return any(
        re.match(re.escape(name) + r"(?![0-9A-Za-z_\x80-\U0010FFFF])", text) for name in names
    )


@given(
    pieces=st.lists(spellings, max_size=12),
    names=st.lists(st.text("ab_é", min_size=1, max_size=6), min_size=1, max_size=6).map(tuple),
    missing=words.map(str.encode),
    choice=st.integers(0, 2),
    seed=st.integers(0, 255),
    slice_tokens=st.integers(1, 5),
)
def test_an_answer_begins_with_a_name_whole(
    pieces: list[bytes],
    names: tuple[str, ...],
    missing: bytes,
    choice: int,
    seed: int,
    slice_tokens: int,
) -> None:
    scheduler = Scheduler(Undecided(slice_tokens=slice_tokens), Bytes(*pieces), SPEED)
    prompt = (seed, 97, 98, 97, 98, 97)
    free = ask(scheduler, missing, (), prompt=prompt)
    text = ask(scheduler, missing, names, choice, prompt=prompt)
    assert begins_with(names, text) or (choice and not text)
    assert ask(scheduler, missing, names, choice, prompt=prompt) == text
    assert ask(scheduler, missing, (), prompt=prompt) == free


def test_names_that_begin_others_are_reached_too() -> None:
    names = ("get", "get_all", "größe")
    texts = [
        answer(Undecided(), Bytes(*MORE), names=names, prompt=(seed, 1)) for seed in range(100)
    ]
    assert all(begins_with(names, text) for text in texts)
    assert {next(n for n in names if begins_with((n,), text)) for text in texts} == set(names)


def test_each_choice_begins_otherwise_and_goes_on_alone() -> None:
    scheduler = Scheduler(ListContext(), Bytes(), SPEED)
    prompt = tuple(b"some prompt")
    texts = [ask(scheduler, choice=choice, prompt=prompt, max_tokens=5) for choice in range(4)]
    assert len({text[:1] for text in texts}) == 4
    again = [ask(scheduler, choice=choice, prompt=prompt, max_tokens=5) for choice in range(4)]
    assert again == texts
    assert texts == [
        answer(ListContext(), Bytes(), choice=choice, prompt=prompt, max_tokens=5)
        for choice in range(4)
    ]


class Fond(ListContext):
    """Likes some tokens best, in this order; of the others, those with the lowest id."""

    def __init__(self, *liked: int) -> None:
        super().__init__()
        self._liked = liked

    def pick(self, tokens: list[int], among: Among) -> tuple[int, float]:
        allowed = range(END + 1) if among is None else sorted(among.tolist())
        return next((token for token in self._liked if token in allowed), allowed[0]), -1.0


RET, RETURN, RETRY = 257, 258, 259
WORDS = Bytes(b"ret", b"return", b"retry")


def test_a_choice_is_made_where_something_new_is_said() -> None:
    texts = [answer(Fond(RETURN, RETRY, END), WORDS, b"ret", (), choice) for choice in range(3)]
    assert texts == ["urn", "ry", ""]
    texts = [answer(Fond(RET, END, 40, 41), WORDS, b"ret", (), choice) for choice in range(3)]
    assert texts == ["", "ret", "("]
    names = ("urn", "ry", "ries")
    texts = [answer(Fond(RETRY, RET, END), WORDS, b"ret", names, choice) for choice in range(3)]
    assert texts == ["ry", "urn", ""]


def test_too_few_to_choose_from_is_an_empty_answer() -> None:
    one = ("(",)
    assert answer(Undecided(), Bytes(), names=one, max_tokens=3).startswith("(")
    assert answer(Undecided(), Bytes(), names=one, max_tokens=3, choice=1) == ""


def test_a_step_with_300_names_is_quick() -> None:
    chance = random.Random(1)

    def word(longest: int) -> str:
        return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz_", k=chance.randint(1, longest)))

    pieces = sorted({prefix + word(8) for prefix in ("", " ", "(") for _ in range(50_000)})
    index = PieceIndex([piece.encode() for piece in pieces], range(len(pieces)), ())
    constraint = going_on_with(b"", [word(6) + "_" + word(12) for _ in range(300)])
    assert constraint is not None
    times = []
    for _ in range(9):
        started = time.perf_counter()
        index.allowed(constraint)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.003
