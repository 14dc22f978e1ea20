"""`thinkline route` and `thinkline router` as processes: offline, without Redis, with the real encoder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sentence_transformers")


def thinkline(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command with text on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "workers.cli", *words],
        input=given or "",
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={"PATH": "/usr/bin:/bin", "THINKLINE_REDIS__URL": "redis://127.0.0.1:1/0", "COLUMNS": "100"},
    )


def test_json_lines_come_out_as_json_lines() -> None:
    """One object a line with the six fields, in the order of the input; instructions are allowed."""
    asked = [
        {"input": "What is the capital of France?"},
        {"input": "Prove that $\\sqrt{2}$ is irrational.", "instructions": "Be rigorous."},
    ]
    found = thinkline("route", "--json", given="\n".join(map(json.dumps, asked)))
    assert found.returncode == 0, found.stderr
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [row["input"] for row in rows] == [row["input"] for row in asked]
    assert [row["lane"] for row in rows] == ["standard", "reasoning"]
    assert all(set(row) == {"input", "lane", "p_reasoning", "confidence", "task_type", "reason"} for row in rows)


def test_arguments_come_out_as_a_table() -> None:
    """People see lane, task type and reason."""
    found = thinkline("route", "Write a poem about autumn.")
    assert found.returncode == 0, found.stderr
    assert "standard" in found.stdout
    assert "creative" in found.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "nothing to route"),
        ('{"input": "a"}\n{"text": "b"}', "line 2: `input`"),
        ('{"input": "a"}\nhello', "line 2: it is no JSON"),
    ],
)
def test_wrong_input_is_one_sentence(given: str, said: str) -> None:
    """The line and the field are named, and there is no traceback."""
    found = thinkline("route", "--json", given=given)
    assert found.returncode == 2
    assert said in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--budget", "2"), "0 to 1"),
        (("--budget", "0.2", "--quality", "0.9"), "give one of"),
        (("--artefact", "missing.json"), "missing.json"),
        (("--encoder", "missing"), "encoder.model"),
    ],
)
def test_wrong_options_are_one_sentence(words: tuple[str, ...], said: str) -> None:
    """Before anything is decided."""
    found = thinkline("route", *words, "hello")
    assert found.returncode == 2
    assert said in " ".join(found.stderr.split())
    assert "Traceback" not in found.stderr


@pytest.mark.slow
def test_own_lines_train_calibrate_and_evaluate(tmp_path: Path) -> None:
    """The whole way of a user with own lines; training twice gives the same bytes."""
    lines = tmp_path / "own.jsonl"
    rows = [
        {"input": f"Prove lemma {at} on rings.", "label": "reasoning", "task_type": "mathematics"} for at in range(30)
    ]
    rows += [
        {"input": f"Who is the mayor of town {at}?", "standard_correct": 1, "reasoning_correct": 1} for at in range(15)
    ]
    rows += [{"input": f"Find x: {at}x^2=7x", "standard_correct": 0, "reasoning_correct": 1} for at in range(15)]
    lines.write_text("\n".join(map(json.dumps, rows)))
    made = [tmp_path / f"{name}.json" for name in "ab"]
    for path in made:
        found = thinkline("router", "train", str(lines), "--output", str(path))
        assert found.returncode == 0, found.stderr
    assert made[0].read_bytes() == made[1].read_bytes()
    found = thinkline(
        "router", "calibrate", str(lines), "--artefact", str(made[0]), "--output", str(tmp_path / "c.json")
    )
    assert "by quality: keep 98%" in found.stdout, found.stderr
    report = tmp_path / "report"
    found = thinkline("router", "evaluate", str(lines), "--artefact", str(made[0]), "--output", str(report))
    assert found.returncode == 0, found.stderr
    assert "APGR" in found.stdout
    assert {path.name for path in report.iterdir()} == {"curve.png", "calibration.png", "confusion.png", "report.html"}
    assert 'src="data:image/png;base64,' in (report / "report.html").read_text()
