"""The list of failpoints is complete: nothing is committed, called or acknowledged beside it."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import failpoints
from bot.failpoints import NAMES, Ack, Call, Commit, UnknownFailpoint
from sandbox.validation.arguments import METHODS

BOT = Path(failpoints.__file__).parent
OTHERS = (BOT / "doctor", BOT / "store" / "migrate.py")
"""What only reads, in a process of its own, and what Alembic commits."""
TREES = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(BOT.rglob("*.py"))
    if not any(path.is_relative_to(other) for other in OTHERS)
}
STORES = ("store", "_store")
SLACK = frozenset(METHODS) - {"apps.connections.open"}
SPEAK_OF_METHODS = ("failpoints.py", "pacing.py", "manifest.py", "metrics.py")
"""Files that name Slack's methods without calling them."""


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def is_commit(call: ast.Call) -> bool:
    """`store.run(…)` or `….store.write(…)`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("run", "write"):
        return False
    owner = call.func.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name in STORES


def names_a_commit(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(ast.unparse(each).startswith("Commit.") or ast.unparse(each) == "at" for each in given)


def used(kind: type[Commit] | type[Ack]) -> set[str]:
    """The members that the product names."""
    return {
        node.attr
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == kind.__name__
    }


def functions_with(text: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The innermost functions whose code contains a piece of text."""
    found = [
        node
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and text in ast.unparse(node)
    ]
    return [
        one for one in found if not any(other is not one and other in list(ast.walk(one)) for other in found)
    ]


def test_every_transaction_that_changes_something_passes_a_failpoint() -> None:
    nameless = [
        f"{path.relative_to(BOT)}:{call.lineno}"
        for path, tree in TREES.items()
        for call in calls(tree)
        if is_commit(call) and not names_a_commit(call)
    ]
    assert nameless == []
    assert len([1 for tree in TREES.values() for call in calls(tree) if is_commit(call)]) > 40


def test_nothing_is_committed_outside_the_store() -> None:
    commits = functions_with(".commit()")
    assert [node.name for node in commits] == ["write"]
    lines = ast.unparse(commits[0])
    before, after = lines.index("failpoints.before(at)"), lines.index("failpoints.after(at)")
    assert before < lines.index(".commit()") < after


@pytest.mark.parametrize("call", ["api_call(", "urlopen("])
def test_every_call_of_slack_passes_a_failpoint(call: str) -> None:
    for node in functions_with(call):
        lines = ast.unparse(node)
        assert lines.index("failpoints.before(") < lines.index(call) < lines.index("failpoints.after(")


@pytest.mark.parametrize("call", ["send_socket_mode_response(", "Response(answer.body"])
def test_every_acknowledgement_passes_a_failpoint(call: str) -> None:
    (node,) = functions_with(call)
    lines = ast.unparse(node)
    assert lines.index("failpoints.before(Ack.") < lines.index(call)


def test_every_method_that_is_called_has_a_failpoint_and_the_other_way_round() -> None:
    named = {
        node.value
        for path, tree in TREES.items()
        if path.name not in SPEAK_OF_METHODS
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in SLACK
    }
    assert named == {call.value for call in Call} - {Call.UPLOAD, Call.RESPOND}


@pytest.mark.parametrize("kind", [Commit, Ack])
def test_every_failpoint_is_used(kind: type[Commit] | type[Ack]) -> None:
    assert used(kind) == set(kind.__members__)


@pytest.mark.parametrize("text", ["after.claim", "before.chat.postMessage:3", "after.socket_ack:12"])
def test_a_failpoint_is_named_with_its_count(text: str) -> None:
    name, nth = failpoints.parse(text)
    assert name in NAMES
    assert text in (name, f"{name}:{nth}")


@pytest.mark.parametrize("text", ["", "claim", "after.lunch", "after.claim:0", "after.claim:x"])
def test_what_is_no_failpoint_is_refused(text: str) -> None:
    with pytest.raises(UnknownFailpoint):
        failpoints.parse(text)


def test_an_armed_process_dies_there_and_an_unarmed_one_goes_on() -> None:
    program = (
        "import sys; from bot import failpoints\n"
        "for text in sys.argv[1:]: failpoints.arm(text)\n"
        "for _ in range(3): failpoints.before('claim'); print('still here', flush=True)"
    )

    def run(*armed: str) -> tuple[int, int]:
        command = [sys.executable, "-c", program, *armed]
        ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=BOT.parent)
        return ended.returncode, ended.stdout.count("still here")

    assert run() == (0, 3)
    assert run("before.claim:2") == (-signal.SIGKILL, 1)
    assert run("after.claim") == (0, 3)
