import errno
from pathlib import Path

import pytest

from xuncha.labels.errors import XunchaError, did_you_mean, escape_controls, user_errors


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (XunchaError("a.jsonl:3: text is empty."), "a.jsonl:3: text is empty."),
        (XunchaError("id \x1b[31m\nred"), "id \\x1b[31m\\x0ared"),
        (KeyboardInterrupt(), "Interrupted: nothing more was written."),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "The output was closed before all of it was written."),
        (FileNotFoundError(2, "x", "no.jsonl"), "no.jsonl: there is no such file or folder. Check the path."),
        (
            PermissionError(13, "x", "a.jsonl"),
            "a.jsonl: permission denied. Check who owns it, or choose another path.",
        ),
        (IsADirectoryError(21, "x", "data"), "data: this is a folder; a file is needed here."),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "the output: the disk is full. Free some space and run again.",
        ),
        (OSError(errno.EIO, "Input/output error", "a.jsonl"), "a.jsonl: Input/output error."),
        (
            UnicodeEncodeError("ascii", "好", 0, 1, "no"),
            'The output cannot hold "好" as ascii: set PYTHONIOENCODING=utf-8 and run again.',
        ),
    ],
)
def test_what_a_user_can_mend_becomes_one_line_and_exit_code_2(
    error: BaseException, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, user_errors():
        raise error
    assert caught.value.code == 2
    assert capsys.readouterr().err == said + "\n"


def test_a_bug_passes_through() -> None:
    with pytest.raises(ZeroDivisionError), user_errors():
        raise ZeroDivisionError


def test_a_file_error_from_the_system_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), user_errors():
        (tmp_path / "gone").read_text()
    assert capsys.readouterr().err == f"{tmp_path / 'gone'}: there is no such file or folder. Check the path.\n"


def test_controls_are_shown_and_chinese_is_kept() -> None:
    assert escape_controls("加\u200b微❤\x07\u202e\U000e0041") == "加\\u200b微❤\\x07\\u202e\\U000e0041"


def test_a_hint_is_given_only_for_something_close() -> None:
    assert did_you_mean("speach", ["listing", "speech"]) == ' Did you mean "speech"?'
    assert did_you_mean("video", ["listing", "speech"]) == ""
