"""Which models a machine should run: they fit, are quick enough, and the best of those that are."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from lsp_server.cli import main
from lsp_server.models import catalog
from lsp_server.models.choice import QUANTISATIONS, RANKED, tokens_per_second
from lsp_server.models.descriptions import descriptions
from lsp_server.models.machine import Gpu, Machine, Measured, described
from lsp_server.models.memory import MARGIN_BYTES
from lsp_server.models.plan import Plan, plan

DOCS = Path(__file__).parents[2] / "docs"
GIB = 1 << 30
DESKTOP = Machine("desktop", 14 * GIB, 8, gb_per_second=50)


def planned(machine: Machine) -> Plan:
    return plan(machine, descriptions())


def with_gpu(gigabytes: float, gb_per_second: float = 0.0) -> Machine:
    return replace(DESKTOP, gpu=Gpu("nvidia", "GPU", int(gigabytes * GIB), gb_per_second))


def test_what_is_recommended_is_known_well_enough() -> None:
    known = {each.id: each for each in descriptions()}
    for name in RANKED:
        told = known[name]
        assert told.cache and told.context and told.license
        assert told.get or name in {model.id for model in catalog.models()}
        sizes = [told.file(quantisation) for quantisation in QUANTISATIONS]
        found = [file.bytes for file in sizes if file]
        assert len(found) == 4
        assert found == sorted(found)


def test_the_table_in_the_docs_is_what_the_program_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = str(DOCS / "machines.toml")
    assert main(["models", "recommend", "--describe", file, "--table"]) == 0
    page = (DOCS / "models.md").read_text(encoding="utf-8")
    table = page.partition("<!-- machines -->\n")[2].partition("<!-- /machines -->")[0]
    assert table == capsys.readouterr().out
    assert len(table.splitlines()) == 12 + 2


@pytest.mark.parametrize("machine", described(DOCS / "machines.toml"), ids=lambda m: m.name)
def test_what_is_recommended_fits_and_is_quick_enough(machine: Machine) -> None:
    chosen = planned(machine)
    assert chosen.bytes <= chosen.room
    assert chosen.room < (machine.gpu.bytes if chosen.place == "gpu" and machine.gpu else 10**12)
    assert "fim" in chosen.completion.model.roles
    assert chosen.chat.context >= 8192
    assert chosen.why_no_larger.endswith(".")
    for choice, least in ((chosen.completion, 20), (chosen.chat, 8)):
        speed = tokens_per_second(machine, chosen.place, choice)
        assert speed and speed >= least


def test_a_larger_gpu_is_never_worse() -> None:
    chosen = [planned(with_gpu(gigabytes)) for gigabytes in range(4, 64, 2)]
    assert {each.place for each in chosen} == {"gpu"}
    ranks = [RANKED.index(each.chat.model.id) for each in chosen]
    assert all(less <= more for less, more in pairwise(ranks))
    assert ranks[-1] == len(RANKED) - 1


def test_all_layers_go_to_a_gpu_that_is_large_enough() -> None:
    chosen = planned(with_gpu(8))
    assert (chosen.place, chosen.chat.model.id) == ("gpu", "qwen2.5-coder-7b")
    assert chosen.shared
    assert chosen.gpu_layers == 28 + 1
    assert chosen.room == 8 * GIB - MARGIN_BYTES


def test_some_layers_go_to_a_gpu_that_is_too_small() -> None:
    chosen = planned(with_gpu(2))
    assert chosen.place == "processor"
    assert 0 < chosen.gpu_layers < 29
    assert planned(with_gpu(1)).gpu_layers == 0


def test_a_slow_memory_leaves_completion_to_a_smaller_model() -> None:
    quick, slow = planned(with_gpu(10, 300)), planned(with_gpu(10, 90))
    assert quick.completion.model.id == slow.chat.model.id == "qwen2.5-coder-7b"
    assert slow.completion.model.id == "qwen2.5-coder-1.5b"
    assert "Completion has another model, for qwen2.5-coder-7b would write" in slow.why_no_larger


def test_a_processor_of_unknown_speed_gets_the_default() -> None:
    chosen = planned(replace(DESKTOP, gb_per_second=0.0))
    assert chosen.completion.model.id == chosen.chat.model.id == "qwen2.5-coder-1.5b"
    assert "the speed of this memory is not known" in chosen.why_no_larger


def test_what_was_measured_counts() -> None:
    quick = Measured("qwen2.5-coder-1.5b", 1_117_320_768, 1_544_000_000, 500.0, 0.02)
    slow = replace(quick, prompt_tokens_per_second=60.0)
    assert planned(replace(DESKTOP, measured=quick)).chat.model.id == "qwen2.5-coder-7b"
    chosen = planned(replace(DESKTOP, measured=slow))
    assert chosen.chat.model.id == "qwen2.5-coder-1.5b"
    assert "would read about 12 tokens a second, and chats want 50" in chosen.why_no_larger


def test_too_little_memory_gets_the_smallest_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = planned(Machine("old", GIB // 2, 2))
    assert chosen.completion.model.id == RANKED[0]
    assert chosen.bytes > chosen.room
    file = tmp_path / "old.toml"
    file.write_text("[[machine]]\nname = 'old'\nmemory_gb = 2.5\ncores = 2\n")
    assert main(["models", "recommend", "--describe", str(file)]) == 0
    assert "of 0.4 GB: close other programs first." in capsys.readouterr().out


def test_contexts_may_need_a_smaller_model_beside_a_large_one() -> None:
    chosen = planned(with_gpu(13.5))
    assert (chosen.completion.model.id, chosen.chat.model.id) == (RANKED[1], "qwen2.5-coder-14b")
    assert chosen.why_no_larger.startswith("Completion has another model, for qwen2.5-coder-14b")


def test_low_quality_is_named_and_not_chosen() -> None:
    chosen = planned(with_gpu(12))
    assert chosen.chat.model.id == "qwen2.5-coder-7b"
    assert "only in Q3_K_M, of low quality, it would fit" in chosen.why_no_larger
