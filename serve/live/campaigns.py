"""The same contact value in several places: who stands behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xuncha.serve.live.events import Event


@dataclass(frozen=True, slots=True)
class Campaign:
    """A contact value and everything that gave it out. `wide`: more than one room or merchant did."""

    value: str
    events: tuple[Event, ...]

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms, sorted."""
        return tuple(sorted({event.room for event in self.events}))

    @property
    def merchants(self) -> tuple[str, ...]:
        """The merchants that are known, sorted."""
        return tuple(sorted({event.merchant for event in self.events if event.merchant}))

    @property
    def times(self) -> int:
        """How often it was given out, repeats included."""
        return sum(event.repeats for event in self.events)

    @property
    def wide(self) -> bool:
        """Whether several rooms or merchants gave it out."""
        return len(self.rooms) > 1 or len(self.merchants) > 1

    def spellings(self) -> tuple[str, ...]:
        """The stretches it was read from, each once."""
        return tuple(
            dict.fromkeys(said.text for one in self.events for said in one.handles if said.value == self.value)
        )


def campaigns(events: Iterable[Event]) -> list[Campaign]:
    """Every contact value with its events, those in most rooms first."""
    found: dict[str, list[Event]] = {}
    for event in events:
        for said in event.handles:
            found.setdefault(said.value, []).append(event)
    every = [Campaign(value, tuple(own)) for value, own in found.items()]
    return sorted(every, key=lambda one: (-len(one.rooms), -len(one.merchants), -one.times, one.value))
