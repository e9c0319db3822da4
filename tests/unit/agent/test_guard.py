"""Models that go round in circles."""

from lsp_server.agent.guard import STOP, WARN, LoopGuard


def verdicts(steps: str, results: str = "") -> list[str]:
    guard = LoopGuard()
    return [
        guard.note("read", {"path": step}, results[number] if results else step)
        for number, step in enumerate(steps)
    ]


def test_different_steps_are_fine() -> None:
    assert set(verdicts("abcdefghijklmnop")) == {"fine"}


def test_the_same_step_is_warned_of_and_then_ended() -> None:
    found = verdicts("aaaaaa")
    assert found[: WARN - 1] == ["fine"] * (WARN - 1)
    assert found[WARN - 1] == "warn"
    assert found[STOP - 1] == "stop"


def test_longer_circles_count_too() -> None:
    for circle in ("ab", "abc", "abcd"):
        found = verdicts("xy" + circle * STOP)
        assert "warn" in found
        assert found[-1] == "stop"


def test_a_call_with_another_result_is_no_circle() -> None:
    assert set(verdicts("aaaaaaa", "1234567")) == {"fine"}


def test_a_circle_that_is_left_is_forgotten() -> None:
    found = verdicts("aaab")
    assert found[-2:] == ["warn", "fine"]
