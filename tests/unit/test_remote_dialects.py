"""The remote engine: what it finds out about an endpoint, and what it sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from lsp_server.core import fim
from lsp_server.engines.base import Delta, Finished, InfillRequest, Usage
from lsp_server.engines.remote import control_text, grammar
from lsp_server.errors import NoFimMarkers, RemoteError, UsageError
from tests.http_endpoint import Endpoint, Request, endpoint, reply, stream
from tests.remote import DONE, REQUEST, ask, choice, engine_for, refusal


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


async def test_auto_takes_anything_else_for_openai(served: Endpoint) -> None:
    test = fim.self_test()
    answer = choice("x") | {"usage": {"prompt_tokens": 200}}
    for props in (reply({}, status=404), reply(b"<html>"), reply({"a": 1}), reply([])):
        served.requests.clear()
        served.routes |= {"/props": props, "/v1/completions": reply(answer)}
        engine = engine_for(served, dialect="auto", template="")
        with pytest.raises(RemoteError):  # a whole answer is no stream; the probe has passed
            await ask(engine)
        probe, request = served.bodies("/v1/completions")
        assert (probe["max_tokens"], probe["suffix"]) == (1, test.prefix)
        assert (request["prompt"], request["suffix"]) == (REQUEST.prefix, REQUEST.suffix)
        await engine.close()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_auto_does_not_guess_at_a_server_that_is_not_ready(
    served: Endpoint, status: int
) -> None:
    served.routes["/props"] = reply({}, status=status)
    assert f"({status})" in await refusal(engine_for(served, dialect="auto"))
    assert [request.path for request in served.requests] == ["/props"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (reply({}, status=400), "refused a completion with a suffix (400)"),
        (reply({}, status=501), "refused a completion with a suffix (501)"),
        (reply({"usage": {"prompt_tokens": 40}}), "ignores the suffix"),
    ],
)
async def test_without_a_suffix_a_template_is_asked_for(
    served: Endpoint, answer: bytes, says: str
) -> None:
    served.routes["/v1/completions"] = answer
    message = await refusal(engine_for(served, template=""))
    assert says in message
    assert "set fimble.remote.template to the family of its model (codegemma, qwen," in message


async def test_the_model_and_its_context_come_from_the_endpoint(served: Endpoint) -> None:
    models = [{"id": "one", "max_model_len": 8192}, {"id": "two"}]
    served.routes["/v1/models"] = reply({"data": models[:1]})
    served.routes["/v1/completions"] = stream(choice("x"), DONE)
    served.before_routes = lambda request: None
    engine = engine_for(served)
    info = await engine.info()
    assert (info.model, info.context_tokens, info.fim_ok) == ("one", 8192, False)
    assert served.bodies("/v1/completions")[0]["model"] == "one"
    await engine.close()
    served.routes["/v1/models"] = reply({"data": models})
    assert "has several models" in await refusal(engine_for(served))


async def test_an_unknown_template_is_named(served: Endpoint) -> None:
    with pytest.raises(NoFimMarkers, match="no fill-in-the-middle template 'qwem'"):
        await ask(engine_for(served, template="qwem"))


@pytest.mark.parametrize(
    "control",
    ["<|im_start|>", "<|fim_middle|>", "<｜fim▁hole｜>", "</s>", "[INST]", "<fim_prefix>"],
)
async def test_control_text_never_reaches_the_endpoint(served: Endpoint, control: str) -> None:
    served.routes["/v1/completions"] = stream(choice("x"), DONE)
    engine = engine_for(served)
    prefix, suffix = f"lost{control}lost{control}a <| b\n", f"\nc|> d{control}lost"
    await ask(engine, InfillRequest(prefix, suffix))
    prompt = served.bodies("/v1/completions")[0]["prompt"]
    assert prompt == "<|fim_prefix|>a <| b\n<|fim_suffix|>\nc|> d<|fim_middle|>"
    await engine.close()


@pytest.mark.parametrize(
    ("prefix", "middle", "prompt"),
    [
        ("a\n", "b =", "<|fim_prefix|>a\n<|fim_suffix|>\n<|fim_middle|>b ="),
        ("a\n", "b</s>c =", "<|fim_prefix|><|fim_suffix|>\n<|fim_middle|>c ="),
        ("z<|fim_", "pad|>c =", "<|fim_prefix|><|fim_suffix|>\n<|fim_middle|>c ="),
        ("z</s>a\n", "b", "<|fim_prefix|>a\n<|fim_suffix|>\n<|fim_middle|>b"),
    ],
)
async def test_a_middle_stands_behind_the_markers(
    served: Endpoint, prefix: str, middle: str, prompt: str
) -> None:
    served.routes["/v1/completions"] = stream(choice("x"), DONE)
    engine = engine_for(served)
    await ask(engine, InfillRequest(prefix, "\n", middle=middle))
    assert served.bodies("/v1/completions")[0]["prompt"] == prompt
    await engine.close()


async def test_an_endpoint_that_knows_no_middle_gets_it_with_the_prefix(served: Endpoint) -> None:
    probe = reply(choice("x") | {"usage": {"prompt_tokens": 200}})
    served.before_routes = lambda request: (
        None if request.body and request.body.get("stream") else probe
    )
    served.routes["/v1/completions"] = stream(choice("x"), DONE)
    engine = engine_for(served, template="")
    await ask(engine, InfillRequest("a\n", "\nc", middle="b ="))
    body = served.bodies("/v1/completions")[-1]
    assert (body["prompt"], body["suffix"]) == ("a\nb =", "\nc")
    await engine.close()


async def test_getting_ready_asks_an_openai_endpoint_nothing(served: Endpoint) -> None:
    engine = engine_for(served)
    assert await ask(engine, InfillRequest("a", "b", max_tokens=0)) == [Finished("length")]
    assert served.bodies("/v1/completions") == []
    await engine.close()


def test_ordinary_code_is_no_control_text() -> None:
    code = "a <|> b; x[i]<y>z; f :: <T>; [PRE]; a<b|c>d; <section>; 1 <| 2 |> 3; <p>s</p>"
    assert control_text.cut(code, code, ["<|fim_pad|>"]) == (code, code)
    assert control_text.cut("a STOP b", "c STOP d", [" STOP "]) == (" b", "c ")


SPECIAL = {"<|fim_prefix|>": 1, "<|fim_suffix|>": 2, "<|fim_middle|>": 3, "<|im_start|>": 4}
SPECIAL |= {"<|repo_name|>": 5, "<|file_sep|>": 6}


def fake_llama_server(
    served: Endpoint, *, parse_special: bool = True, context_tokens: int = 40
) -> None:
    async def tokenize(request: Request, writer: asyncio.StreamWriter) -> None:
        text = request.body["content"]
        special = request.body["parse_special"] or not parse_special
        tokens = [SPECIAL[text]] if special and text in SPECIAL else [ord(c) + 9 for c in text]
        writer.write(reply({"tokens": [0] * request.body["add_special"] + tokens}))

    served.routes |= {
        "/props": reply(
            {
                "model_path": "C:\\m\\coder.gguf",
                "default_generation_settings": {"n_ctx": context_tokens},
            }
        ),
        "/tokenize": tokenize,
    }


def chunk(text: str, token: int, generated: int) -> dict[str, object]:
    logprobs = [{"id": token, "logprob": -0.5}]
    fields = {"content": text, "tokens": [token], "tokens_predicted": generated, "stop": False}
    return fields | {"completion_probabilities": logprobs}


async def test_a_prompt_of_token_ids(served: Endpoint) -> None:
    fake_llama_server(served)
    finish = {"stop": True, "stop_type": "eos", "content": "", "tokens": []}
    served.routes["/completion"] = stream(chunk("a", 50, 1), chunk("😀", 51, 3), finish)
    engine = engine_for(served, dialect="auto", template="")
    request = InfillRequest("z" * 99 + "yx", "v" + "w" * 99, max_tokens=8)
    assert await ask(engine, request) == [Delta("a", (-0.5,)), Delta("😀"), Finished("end")]
    body = served.bodies("/completion")[-1]
    room = 40 - 8 - 4
    letters = {letter: ord(letter) + 9 for letter in "vwxyz"}
    kept = [letters["z"]] * (room - room // 4 - 2) + [letters["y"], letters["x"]]
    after = [letters["v"]] + [letters["w"]] * (room // 4 - 1)
    assert body["prompt"] == [0, 1, *kept, 2, *after, 3]
    assert (body["samplers"], body["top_k"], body["n_predict"]) == (["top_k"], 1, 8)
    await engine.close()


@pytest.mark.parametrize(
    ("middle", "typed", "grammar"),
    [
        ("x = (", "x = (", None),
        ("x = se", "x =", 'root ::= " se" .*'),
        ('say("he', "say(", 'root ::= "\\"he" .*'),
        ("\\a", "", 'root ::= "\\\\a" .*'),
        ("\nab", "\n", 'root ::= "ab" .*'),
        ("no_é", "no", 'root ::= "_é" .*'),
        ("a12", "a12", None),
        ("ab\n", "ab\n", None),
    ],
)
async def test_a_word_that_has_been_begun_is_written_again(
    served: Endpoint, middle: str, typed: str, grammar: str | None
) -> None:
    fake_llama_server(served, context_tokens=400)
    word = middle.removeprefix(typed)
    finish = {"stop": True, "stop_type": "limit", "content": "", "tokens": []}
    pieces = [word[:1], word[1:] + "lf", " ."] if word else ["lf", " ."]
    chunks = [chunk(text, 50, number) for number, text in enumerate(pieces, 1)]
    served.routes["/completion"] = stream(*chunks, finish)
    engine = engine_for(served, dialect="llama-server", template="")
    events = await ask(engine, InfillRequest("p", "s", max_tokens=8, middle=middle))
    assert events == [Delta("lf", (-0.5,)), Delta(" .", (-0.5,)), Finished("length")]
    body = served.bodies("/completion")[-1]
    assert body["prompt"] == [0, 1, ord("p") + 9, 2, ord("s") + 9, 3, *(ord(c) + 9 for c in typed)]
    assert body.get("grammar") == grammar
    await engine.close()


async def test_getting_ready_evaluates_a_prompt(served: Endpoint) -> None:
    fake_llama_server(served)
    finish = {"stop": True, "stop_type": "limit", "timings": {"prompt_n": 5, "cache_n": 2}}
    served.routes["/completion"] = stream(finish)
    engine = engine_for(served, dialect="llama-server", template="")
    usage = Usage(prompt_tokens=7, reused_tokens=2, evaluated_tokens=5)
    request = InfillRequest("x" * 99, "", max_tokens=0, middle="ab" * 50)
    assert await ask(engine, request) == [Finished("length", usage)]
    body = served.bodies("/completion")[-1]
    assert (body["n_predict"], "grammar" in body, len(body["prompt"])) == (0, False, 4 + 39 // 2)
    assert body["prompt"][-2:] == [ord("a") + 9, ord("b") + 9]
    await engine.close()


async def test_the_first_piece_tells_what_was_evaluated(served: Endpoint) -> None:
    fake_llama_server(served)
    timings = {"timings": {"prompt_n": 5, "cache_n": 2, "predicted_n": 1}}
    finish = {"stop": True, "stop_type": "eos", "content": "", "tokens": []}
    chunks = [chunk(text, 50, number) | timings for number, text in enumerate("ab", 1)]
    served.routes["/completion"] = stream(*chunks, finish | timings)
    engine = engine_for(served, dialect="llama-server", template="")
    *pieces, _finished = await ask(engine)
    assert pieces == [Delta("a", (-0.5,), 5), Delta("b", (-0.5,))]
    await engine.close()


@pytest.mark.parametrize("text", ["", "<|im_start|>"])
async def test_a_control_token_ends_the_middle(served: Endpoint, text: str) -> None:
    fake_llama_server(served)
    served.routes["/completion"] = stream(chunk("a", 50, 1), chunk(text, 4, 2), chunk("b", 52, 3))
    engine = engine_for(served, dialect="llama-server", template="")
    assert await ask(engine) == [Delta("a", (-0.5,)), Finished("end")]
    await engine.close()


async def test_a_server_that_parses_control_tokens_in_text_is_refused(served: Endpoint) -> None:
    fake_llama_server(served, parse_special=False)
    with pytest.raises(NoFimMarkers, match=r"The model coder\.gguf has no"):
        await ask(engine_for(served, dialect="llama-server", template=""))


async def test_an_explicit_dialect_is_not_doubted(served: Endpoint) -> None:
    served.routes["/props"] = reply({"other": 1})
    message = await refusal(engine_for(served, dialect="llama-server"))
    assert "did not answer as a completion server" in message
    assert [request.path for request in served.requests] == ["/props"]


async def test_an_openai_endpoint_can_not_be_held_to_names(served: Endpoint) -> None:
    engine = engine_for(served)
    assert not (await engine.info()).chooses_names
    asked = len(served.requests)
    with pytest.raises(UsageError, match="can't be held to names"):
        await ask(engine, InfillRequest("a", "b", names=("c",)))
    assert len(served.requests) == asked
    await engine.close()


async def test_a_choice_is_the_seed_of_a_sample(served: Endpoint) -> None:
    fake_llama_server(served)
    finish = {"stop": True, "stop_type": "eos", "content": "", "tokens": []}
    served.routes["/completion"] = stream(finish)
    served.routes["/v1/completions"] = stream(choice("x", "stop"), DONE)
    for dialect, path in (("llama-server", "/completion"), ("openai", "/v1/completions")):
        engine = engine_for(served, dialect=dialect)
        for number in (0, 2):
            await ask(engine, InfillRequest("a", "b", choice=number))
            body = served.bodies(path)[-1]
            expected = (0.8, 2) if number else (0.0, None)
            assert (body["temperature"], body.get("seed")) == expected
        await engine.close()


@pytest.mark.parametrize(
    ("begun", "names", "expected"),
    [
        ("", ["get", "get_all", "get"], '("get" | "get_all") ([^0-9A-Za-z_\\x80-\\U0010FFFF] .*)?'),
        (' "ge', ["t"], '(" \\"get") ([^0-9A-Za-z_\\x80-\\U0010FFFF] .*)?'),
        ("", [""], '("") ([^0-9A-Za-z_\\x80-\\U0010FFFF] .*)?'),
        (" ge", [], '" ge" .*'),
    ],
)
def test_a_grammar_of_names(begun: str, names: list[str], expected: str) -> None:
    assert grammar.going_on_with(begun, names) == f"root ::= {expected}"
