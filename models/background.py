"""Work in a thread of its own while something else goes on: hashing, reading, imports leave a second core free."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Background(Generic[Result]):
    """A call that has begun; `result` waits for its end."""

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._error: BaseException | None = None
        self._found: list[Result] = []
        self._thread = Thread(target=self._run)
        self._thread.start()

    def result(self) -> Result:
        """What the call returned; raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(self._call())
        except BaseException as error:  # raised where the result is asked for
            self._error = error
