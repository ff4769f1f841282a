"""The load that one machine carries: many rooms on one stream, judged by the released model, against the clock.

`make bench-live`, or `python -m xuncha.serve.live.load --rooms 1000 --rate 2 --seconds 30`.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections.abc import Iterator
from importlib.resources import files

from xuncha.serve.live.comment_log import Place, read_line
from xuncha.serve.live.complaints import Complaints
from xuncha.serve.live.follow import Follower, Reader
from xuncha.serve.live.monitor import Monitor
from xuncha.serve.scorer import Scorer

_SPEECH_SHARE = 0.15  # of the lines: a host's line of 15 to 25 characters comes every three seconds or so
_REPEATED = 0.5  # of the comments are of the demo record's; the others are questions unlike any before
_QUESTIONS = ("{}号多少钱", "想看一下{}号", "{}克的还有吗", "身高{}穿什么码", "尾号{}的单子发了没", "{}拍了")


def main() -> None:
    """Feed a stream second by second and say how long each second took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=2.0, help="lines a second and room")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=None)
    asked = parser.parse_args()
    scorer = Scorer.load(threads=asked.threads)
    given: list[object] = []
    follower = Follower(Monitor(scorer), Reader("load", Complaints().tell), given.extend)
    seconds = list(stream(asked.rooms, asked.rate, asked.seconds))
    lines = sum(map(len, seconds))
    slowest, began = 0.0, time.perf_counter()
    for second in seconds:
        start = time.perf_counter()
        follower.take(second)
        slowest = max(slowest, time.perf_counter() - start)
    took, used = time.perf_counter() - began, time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{lines:,} lines of {asked.rooms:,} rooms, {asked.seconds} s of stream, in {took:.1f} s "
        f"({lines / took:,.0f} lines/s, {asked.seconds / took:.2f} times as fast as it comes; "
        f"slowest second {slowest:.2f} s); "
        f"{used:.1f} s of processor time with start-up; {len(given):,} events; {memory:,.0f} MB"
    )


def stream(rooms: int, rate: float, seconds: int, seed: int = 1) -> Iterator[list[bytes]]:
    """The lines of each second: hosts read the demo record from different places on, viewers comment."""
    rng = random.Random(seed)
    speech, comments = _record()
    places = [rng.randrange(len(speech)) for _ in range(rooms)]
    for second in range(seconds):
        lines = []
        for _ in range(round(rooms * rate)):
            room = rng.randrange(rooms)
            spoken = rng.random() < _SPEECH_SHARE
            line = {"room": f"room{room:04}", "time": round(second + rng.random(), 2)}
            if spoken:
                text = speech[places[room] % len(speech)]
                places[room] += 1
                line |= {"source": "speech", "role": "host", "user": f"host{room}", "text": text}
            else:
                text = rng.choice(comments)
                text = text if rng.random() < _REPEATED else rng.choice(_QUESTIONS).format(rng.randrange(10**6))
                line |= {"source": "comment", "role": "viewer", "user": f"u{rng.randrange(200)}", "text": text}
            lines.append(json.dumps(line, ensure_ascii=False).encode())
        yield lines


def _record() -> tuple[list[str], list[str]]:
    """Pieces of 20 characters of what the demo's host says, and what its viewers write."""
    text = files("xuncha.serve").joinpath("demo", "live_room.jsonl").read_text("utf-8")
    turns = [read_line(line, Place("demo", number, "")) for number, line in enumerate(text.splitlines(), 1)]
    words = "".join(turn.text for turn in turns if turn and turn.source == "speech")
    return [words[at : at + 20] for at in range(0, len(words), 20)], [
        turn.text for turn in turns if turn and turn.source == "comment"
    ]


if __name__ == "__main__":
    main()
