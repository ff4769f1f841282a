"""A scorer without a model, and a way to score bytes."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from xuncha.labels import Taxonomy
from xuncha.serve.batch import Options, score_file
from xuncha.serve.summary import Summary
from xuncha.serve.verdict import Evidence, Ruled, RuledReason, Scored, Verdict

WORDS = {"加V": ("off_platform", "contact"), "最低": ("exaggerated", "absolute"), "全网": ("exaggerated", "absolute")}


class FakeScorer:
    """Flags texts by words."""

    labels = ("off_platform", "exaggerated")
    model_id = "fake@00000000"
    operating_point = "balanced"

    def __init__(self) -> None:
        self.thresholds = {"off_platform": 0.5, "exaggerated": 0.4}
        self.bundle = SimpleNamespace(taxonomy=Taxonomy.load(), thresholds={"balanced": self.thresholds})
        self.sources: list[str | None] = []
        self.calls: list[int] = []

    def score(self, texts: Sequence[object], sources: Sequence[str | None] | None = None) -> list[Verdict]:
        self.calls.append(len(texts))
        self.sources += sources or []
        return [self._verdict(text) for text in texts]

    def _verdict(self, text: object) -> Verdict:
        if not isinstance(text, str):
            return Ruled(RuledReason.EMPTY if text is None else RuledReason.NOT_TEXT)
        if any("\ud800" <= char <= "\udfff" for char in text):
            return Ruled(RuledReason.NOT_TEXT)
        if len(text) > 1_000_000:
            return Ruled(RuledReason.TOO_LONG)
        if not text.strip():
            return Ruled(RuledReason.EMPTY)
        found = [
            Evidence(label, reason, at, at + len(word), word, "规则①")
            for word, (label, reason) in WORDS.items()
            if (at := text.find(word)) >= 0
        ]
        flags = {label: any(one.label == label for one in found) for label in self.labels}
        scores = {label: 0.9123456789 if flag else 0.1 for label, flag in flags.items()}
        return Scored(scores, flags, {one.label: one.reason for one in found}, tuple(found))


@pytest.fixture
def scorer() -> FakeScorer:
    return FakeScorer()


class Run:
    """Scores bytes as a file and keeps what came out."""

    def __init__(self, folder: Path, scorer: FakeScorer) -> None:
        self.folder, self.scorer = folder, scorer
        self.summary: Summary

    def output(self, name: str, data: bytes, out: str, **options: Any) -> bytes:
        (self.folder / name).write_bytes(data)
        target = self.folder / out
        self.summary = score_file(self.scorer, self.folder / name, target, Options(force=True, **options))
        return target.read_bytes()

    def rows(self, name: str, data: bytes, **options: Any) -> list[dict[str, Any]]:
        lines = self.output(name, data, "out.jsonl", **options).decode("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def statuses(self, name: str, data: bytes, **options: Any) -> list[str]:
        return [row["status"] for row in self.rows(name, data, **options)]


@pytest.fixture
def run(tmp_path: Path, scorer: FakeScorer) -> Run:
    return Run(tmp_path, scorer)


Main = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, scorer: FakeScorer) -> Main:
    """Runs a command line with the fake scorer and gives the exit code."""
    from xuncha.serve.cli import main
    from xuncha.serve.scorer import Scorer

    monkeypatch.setattr(Scorer, "load", lambda *_, **__: scorer)

    def call(*arguments: object) -> int:
        with pytest.raises(SystemExit) as exit_:
            main([str(one) for one in arguments])
        return int(exit_.value.code or 0)

    return call
