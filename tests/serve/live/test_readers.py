"""Records as tools really write them, and errors that say line and fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.serve.live.records import Reading, read_records
from xuncha.serve.live.turns import Source, Turn, clock, seconds_of
from xuncha.serve.live.zones import CHINA, zone_of

Simple = list[tuple[float, float | None, str, str]]


def read(folder: Path, name: str, content: str | bytes, **reading: object) -> list[Turn]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_records([str(path)], Reading(**reading))  # type: ignore[arg-type]


def simple(turns: list[Turn]) -> Simple:
    return [(turn.start, turn.end, turn.role, turn.text) for turn in turns]


SRT = "1\n00:00:01,000 --> 00:00:02,500\n大家好\n欢迎\n\n2\n00:00:03,000 --> 00:00:04,000\n<i>看货</i>\n"
WANTED: Simple = [(1.0, 2.5, "host", "大家好 欢迎"), (3.0, 4.0, "host", "看货")]


@pytest.mark.parametrize(
    "content",
    [
        SRT,
        SRT.replace("\n", "\r\n"),
        "\ufeff" + SRT,
        SRT.replace(",", "."),
        SRT.replace("1\n0", "0").replace("2\n0", "0"),  # no numbers
        SRT.replace("\n\n2\n", "\n2\n"),  # no blank line
        SRT.replace("00:00:0", "0:0"),  # no hours, short fields
        SRT.replace(" --> ", "-->").replace("500\n", "500 X1:1 X2:2 Y1:1 Y2:2\n"),
        SRT + "\n\n3\n00:00:09,000 --> 00:00:09,500\n\n",  # an empty cue
        SRT.encode("gb18030"),
        SRT.encode("utf-16"),
    ],
)
def test_srt(tmp_path: Path, content: str | bytes) -> None:
    assert simple(read(tmp_path, "r.srt", content)) == WANTED


def test_no_words_of_a_cue_are_lost(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n记一下\n138\n\n0013\n8000\n\n2\n00:00:05,000 --> 00:00:06,000\n\n666\n"
    assert [turn.text for turn in read(tmp_path, "r.srt", text)] == ["记一下 138 0013 8000", "666"]
    bare = text.replace("1\n00", "00").replace("2\n00", "00")  # no numbers: digits before a time are words
    assert [turn.text for turn in read(tmp_path, "r.srt", bare.replace("\n0013", ""))] == ["记一下 138", "666"]


def test_webvtt_with_notes_styles_settings_voices_and_entities(tmp_path: Path) -> None:
    text = (
        "WEBVTT - x\nKind: captions\n\nNOTE\n00:01 --> 是注释\n\nSTYLE\n::cue { color: red }\n\nintro\n"
        "00:01.000 --> 00:02.500 align:start\n<v 主播>大家好</v>\n<00:00:02.000><c>欢迎</c>\n\n"
        "00:00:03.000 --> 00:00:04.000\n<v.loud 小翠>A &amp; B\n"
    )
    turns = read(tmp_path, "r.vtt", text)
    assert simple(turns) == [(1.0, 2.5, "host", "大家好 欢迎"), (3.0, 4.0, "host", "A & B")]
    assert [turn.user for turn in turns] == ["", "小翠"]


def test_a_vtt_file_without_cues_has_no_turns(tmp_path: Path) -> None:
    assert read(tmp_path, "r.vtt", "WEBVTT\n\n") == []


def test_only_plain_speakers_are_taken_out_of_the_text(tmp_path: Path) -> None:
    lines = ["主播：大家好", "[SPEAKER_01]: 好", "注意：别加微信"]
    text = "".join(f"{at}\t{line}\n" for at, line in enumerate(lines))
    turns = read(tmp_path, "r.txt", text)
    assert [(turn.role, turn.user, turn.text) for turn in turns] == [
        ("host", "", "大家好"), ("host", "SPEAKER_01", "好"), ("host", "", "注意：别加微信")
    ]  # fmt: skip


SEGMENTS = [{"start": 1.0, "end": 2.5, "text": " 大家好 欢迎"}, {"start": 3.0, "end": 4.0, "text": "看货"}]


@pytest.mark.parametrize(
    "value",
    [
        {"text": "…", "language": "zh", "segments": [{"id": 0, "seek": 0, "tokens": [1], **one} for one in SEGMENTS]},
        SEGMENTS,
        [[0, 0, 1.0, 2.5, "大家好 欢迎", [1], 0.0, -0.2], [1, 0, 3.0, 4.0, "看货", [1], 0.0, -0.2]],  # faster-whisper
        {"transcription": [  # whisper.cpp
            {"timestamps": {"from": "00:00:01,000", "to": "00:00:02,500"}, "offsets": {"from": 1000, "to": 2500},
             "text": "大家好 欢迎"},
            {"timestamps": {"from": "00:00:03,000", "to": "00:00:04,000"}, "text": "看货"}]},
        [{"key": "a", "text": "…", "sentence_info": [  # FunASR
            {"text": "大家好 欢迎", "start": 1000, "end": 2500, "timestamp": [[1000, 1100]]},
            {"text": "<|zh|><|NEUTRAL|>看货", "start": 3000, "end": 4000}]}],
        {"mode": "offline", "text": "…", "stamp_sents": [
            {"text_seg": "大家好 欢迎", "punc": "", "start": 1000, "end": 2500},
            {"text_seg": "看货", "punc": "", "start": 3000, "end": 4000}]},
        {"text": "…", "sentences": [{"text": "大家好 欢迎", "start": 1000, "end": 2500},
                                     {"text": "看货", "start": 3000, "end": 4000}]},
        {"TaskId": "a", "StatusText": "SUCCESS", "Result": {"Sentences": [  # Aliyun
            {"BeginTime": 1000, "EndTime": 2500, "ChannelId": 0, "Text": "大家好 欢迎"},
            {"BeginTime": 3000, "EndTime": 4000, "ChannelId": 0, "Text": "看货"}]}},
        {"Data": {"Status": 2, "Result": "[0:1.000,0:2.500]  大家好 欢迎\n", "ResultDetail": [  # Tencent Cloud
            {"FinalSentence": "大家好 欢迎", "StartMs": 1000, "EndMs": 2500},
            {"FinalSentence": "看货", "StartMs": 3000, "EndMs": 4000}]}},
        {"resp": {"code": 1000, "text": "…", "utterances": [  # Volcano Engine
            {"start_time": 1000, "end_time": 2500, "text": "大家好 欢迎"},
            {"start_time": 3000, "end_time": 4000, "text": "看货"}]}},
    ],
)  # fmt: skip
def test_json_of_recognisers(tmp_path: Path, value: object) -> None:
    assert simple(read(tmp_path, "r.json", json.dumps(value, ensure_ascii=False))) == WANTED
    assert simple(read(tmp_path, "r.json", json.dumps(value, indent=1))) == WANTED


@pytest.mark.parametrize(
    "content", ["start\tend\ttext\n1000\t2500\t大家好 欢迎\n3000\t4000\t看货\n",
                'start,end,text\n1000,2500,"大家好 欢迎"\n3000,4000,"看货"\n']
)  # fmt: skip
def test_tables_of_whisper_are_speech_in_milliseconds(tmp_path: Path, content: str) -> None:
    assert simple(read(tmp_path, "r.tsv", content)) == WANTED
    assert {turn.source for turn in read(tmp_path, "r.csv", content)} == {Source.SPEECH}


@pytest.mark.parametrize("value", [[{"key": "a", "text": ""}], [{"key": "a", "text": "", "timestamp": []}], [],
                                   {"segments": [], "text": ""}, [{"key": "a", "text": "<|nospeech|>"}],
                                   {"Result": {"Sentences": []}}])  # fmt: skip
def test_a_recogniser_that_heard_nothing_gives_no_turns(tmp_path: Path, value: object) -> None:
    assert read(tmp_path, "r.json", json.dumps(value)) == []


def test_results_of_funasr_one_a_line(tmp_path: Path) -> None:
    lines = [{"key": key, "text": "看货", "timestamp": [[at, at + 500], [at + 500, at + 1000]]} for key, at in
             (("a", 1000), ("b", 3000))]  # fmt: skip
    wanted = [(1.0, 2.0, "host", "看货"), (3.0, 4.0, "host", "看货")]
    assert simple(read(tmp_path, "r.jsonl", "\n".join(map(json.dumps, lines)))) == wanted


def test_segments_one_a_line(tmp_path: Path) -> None:
    assert simple(read(tmp_path, "r.jsonl", "\n".join(map(json.dumps, SEGMENTS)))) == WANTED


def test_funasr_with_a_time_for_each_character(tmp_path: Path) -> None:
    stamps = [[1000 + 500 * at, 1500 + 500 * at] for at in range(5)]
    value = [{"key": "a", "text": "大家好，看货。", "timestamp": stamps}]
    wanted = [(1.0, 2.5, "host", "大家好，"), (2.5, 3.5, "host", "看货。")]
    assert simple(read(tmp_path, "r.json", json.dumps(value))) == wanted
    value[0]["timestamp"] = json.dumps(stamps)  # as the FunASR server sends it
    assert simple(read(tmp_path, "r.json", json.dumps(value))) == wanted


def test_speakers_of_recognisers_become_users(tmp_path: Path) -> None:
    whisperx = {"segments": [{**SEGMENTS[0], "speaker": "SPEAKER_00"}]}
    funasr = [{"sentence_info": [{"text": "好", "start": 0, "end": 10, "spk": 1}]}]
    assert read(tmp_path, "a.json", json.dumps(whisperx))[0].user == "SPEAKER_00"
    assert read(tmp_path, "b.json", json.dumps(funasr))[0].user == "spk1"


LOG = [
    {"time": 1.5, "user": "甲", "role": "观众", "text": "多少钱"},
    {"time": "00:00:02", "user": {"nickname": "乙", "id": 7}, "content": "加微信", "type": "danmaku", "room_id": 88},
    {"ts": 3, "nickname": "小翠", "identity": "主播", "msg": "大家好", "shop": "m1"},
    {"time": 4, "type": "gift", "user": "丙"},
    {"time": 4, "type": "WebcastGiftMessage", "user": "丙", "content": "送出小心心"},
    {"time": 5, "type": "comment", "user": "丙", "text": ""},
]


def test_comment_logs_under_the_names_that_platforms_use(tmp_path: Path) -> None:
    turns = read(tmp_path, "c.jsonl", "\n".join(json.dumps(one, ensure_ascii=False) for one in LOG) + "\n\n")
    assert [(turn.start, turn.user, turn.role, turn.source, turn.text, turn.room, turn.merchant) for turn in turns] == [
        (1.5, "甲", "viewer", Source.COMMENT, "多少钱", "c", ""),
        (2.0, "乙", "viewer", Source.COMMENT, "加微信", "88", ""),
        (3.0, "小翠", "host", Source.SPEECH, "大家好", "c", "m1"),
    ]
    assert turns[1].where.endswith("c.jsonl:2")
    assert read(tmp_path, "d.json", json.dumps(LOG))[0].text == "多少钱"


def test_lines_that_name_neither_user_nor_role_are_a_transcript(tmp_path: Path) -> None:
    for name, content in (("a.csv", "time,text\n1,大家好\n"), ("a.jsonl", '{"time": 1, "text": "大家好"}\n')):
        assert [(turn.source, turn.role) for turn in read(tmp_path, name, content)] == [(Source.SPEECH, "host")]


def test_a_log_as_one_list_may_call_its_times_start(tmp_path: Path) -> None:
    turns = read(tmp_path, "a.json", json.dumps([{"start": 1, "user": "甲", "role": "viewer", "text": "好"}]))
    assert [(turn.source, turn.user) for turn in turns] == [(Source.COMMENT, "甲")]


@pytest.mark.parametrize(
    "content",
    [
        'time,user,role,text\n1.5,甲,viewer,"好,多少钱"\n0:02,乙,,加微信\n',
        "\ufeff时间;用户;角色;内容\r\n1.5;甲;观众;好,多少钱\r\n\r\n2;乙;;加微信\r\n",
        "time\tuser\trole\ttext\n1.5\t甲\tviewer\t好,多少钱\n2\t乙\t\t加微信\n",
    ],
)
def test_csv_logs(tmp_path: Path, content: str) -> None:
    for name in ("c.csv", "c.txt"):
        assert simple(read(tmp_path, name, content)) == [
            (1.5, None, "viewer", "好,多少钱"),
            (2, None, "viewer", "加微信"),
        ]


def test_plain_lines_and_lines_with_a_speaker(tmp_path: Path) -> None:
    turns = read(tmp_path, "r.tsv", "[00:01]\t大家好\n\n1:02.5\t助播\t好\n")
    assert simple(turns) == [(1.0, None, "host", "大家好"), (62.5, None, "assistant", "好")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("r.srt", "1\n00:00:01 --> x\n好\n",
         'r.srt:2: "00:00:01 --> x" is no time range. Write 00:01:02,000 --> 00:01:04,500.'),
        ("r.srt", "大家好\n", "r.srt: holds no cue. A cue is a line 00:01:02,000 --> 00:01:04,500 with text below it."),
        ("r.txt", "1\t好\n大家好\n",
         'r.txt:2: "大家好" is neither a JSON object nor a time, a tab and text. '
         'Write 12.5, a tab and what was said.'),
        ("r.jsonl", '{"time": 1, "text": "a"}\n{"time": 1, "txt": "b"}\n',
         'r.jsonl:2: field "text" is missing (fields: "time, txt"). Add "text": what was said.'),
        ("r.jsonl", '{"time": 1, "text": "a"}\n{"time": "soon", "text": "b"}\n',
         'r.jsonl:2: field "time" is no time: "soon". Write seconds, 0:01:12 or a date.'),
        ("r.jsonl", '{"time": 1, "text": "a"}\n{"time": 1,\n',
         "r.jsonl:2: not valid JSON: Expecting property name enclosed in double quotes at column 12. "
         "Write one whole object on one line."),
        ("r.jsonl", '{"start": 1, "end": 2, "text": "a"}\n{"start": 2,\n',
         "r.jsonl:2: not valid JSON: Expecting property name enclosed in double quotes at column 13. "
         "Write one whole object on one line."),
        ("r.srt", SRT + "\n3\n00:00:0x,000 --> 00:00:09,000\n加微信\n",
         'r.srt:11: "00:00:0x,000 --> 00:00:09,000" is no time range. Write 00:01:02,000 --> 00:01:04,500.'),
        ("r.srt", SRT + "\n3\n00:00:08,000 00:00:09,000\n加微信\n",
         'r.srt:11: "00:00:08,000 00:00:09,000" is no time range. Write 00:01:02,000 --> 00:01:04,500.'),
        ("r.json", '[{"key": "a", "text": "<|zh|><|Speech|>大家好"}]',
         "r.json: [0]: has text without times. "
         "Run FunASR with sentence_timestamp=True."),
        ("r.csv", "a,b\n1,2\n",
         'r.csv:1: there is no column for time and text among "a, b". '
         'Give the columns the names time, user, role, text.'),
        ("r.json", "{\n\"segments\": [\n",
         "r.json:3: not valid JSON: Expecting value. Write the file again, or mend that line."),
        ("r.json", '{"segments": [{"start": "x", "text": "a"}]}',
         'r.json: segments[0]: field "start" must be a time; got "x". '
         'Whisper writes {"segments": [{"start": 0.0, "end": 2.5, "text": "…"}]}, '
         'FunASR [{"sentence_info": [{"start": 0, "end": 2500, "text": "…"}]}].'),
        ("r.srt", "  \n", "r.srt: the file is empty. Check how it was written."),
    ],
)  # fmt: skip
def test_errors_name_line_and_fix(tmp_path: Path, name: str, content: str, message: str) -> None:
    with pytest.raises(XunchaError) as error:
        read(tmp_path, name, content)
    assert str(error.value).removeprefix(f"{tmp_path}/") == message


@pytest.mark.parametrize(
    ("name", "content", "kept", "told"),
    [
        ("r.srt", SRT + "\n3\n00:00:0x,000 --> 00:00:09,000\n没了\n\n4\n00:00:10,000 --> 00:00:11,000\n再见\n",
         ["大家好 欢迎", "看货", "再见"], "r.srt:11: "),
        ("r.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n好\n\n00:0x.000 --> 00:03.000\n没了\n\n"
         "00:04.000 --> 00:05.000\n再见\n",
         ["好", "再见"], "r.vtt:6: "),
        ("r.txt", "1\t好\n大家好\n3\t再见\n", ["好", "再见"], "r.txt:2: "),
        ("r.tsv", "soon\t大家好\n1\t好\n3\t再见\n", ["好", "再见"], "r.tsv:1: "),
        ("r.jsonl", '{"time": 1, "text": "好"}\n{"time": 2,\n{"time": 3, "text": "再见"}\n', ["好", "再见"],
         "r.jsonl:2: "),
        ("r.log", '{"time": 2,\n{"time": 1, "text": "好"}\n{"time": 3, "text": "再见"}\n', ["好", "再见"], "r.log:1: "),
        ("r.jsonl", '{bad\n{"key": "a", "sentence_info": [{"text": "好", "start": 1000, "end": 2000}]}\n', ["好"],
         "r.jsonl:1: "),
        ("r.csv", 'time,user,text\n1,甲,好\nsoon,乙,没了\n3,丙,再见\n', ["好", "再见"], "r.csv:3: "),
        ("r.csv", 'time,text,user\n1,好,甲\n2,没,了,乙\n3,再见,丙\n', ["好", "再见"], "r.csv:3: "),
        ("r.json", '[{"time": 1, "user": "甲", "text": "好"}, {"time": "soon", "user": "乙", "text": "没了"}]', ["好"],
         "r.json:2: "),
        ("r.json", '{"segments": [{"start": 1, "end": 2, "text": "好"}, {"start": "x", "text": "没了"}, 7,'
         ' {"start": 3, "end": 4, "text": "再见"}]}', ["好", "再见"], "r.json: segments[1]: "),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_told_of_and_all_others_are_kept(
    tmp_path: Path, name: str, content: str, kept: list[str], told: str
) -> None:
    said: list[XunchaError] = []
    assert [turn.text for turn in read(tmp_path, name, content, left_out=said.append)] == kept
    assert str(said[0]).removeprefix(f"{tmp_path}/").startswith(told)
    with pytest.raises(XunchaError) as error:
        read(tmp_path, name, content)
    assert str(error.value) == str(said[0])


def test_a_file_of_which_nothing_can_be_read_is_an_error(tmp_path: Path) -> None:
    said: list[XunchaError] = []
    for name, content in (("r.srt", "00:00:0x --> 1\n好\n"), ("r.txt", "好\n"), ("r.json", '[{"start": "x"}]')):
        with pytest.raises(XunchaError, match="r."):
            read(tmp_path, name, content, left_out=said.append)
    assert said == []


def test_an_entry_is_told_of_by_the_name_that_its_field_has_in_the_file(tmp_path: Path) -> None:
    value = {"Result": {"Sentences": [{"BeginTime": "x", "EndTime": 2500, "Text": "好"}]}}
    with pytest.raises(XunchaError, match=r'field "BeginTime" must be a time; got "x"'):
        read(tmp_path, "r.json", json.dumps(value))


def test_a_stray_quote_swallows_no_lines(tmp_path: Path) -> None:
    content = 'time,user,text\n1,甲,"加微信\n2,乙,"好\n看"\n3,丙,"好"啊\n4,丁,好\n5,戊,"完'
    turns = read(tmp_path, "c.csv", content)
    assert [(turn.user, turn.text.strip(), turn.where.rpartition(":")[2]) for turn in turns] == [
        ("甲", "加微信", "2"), ("乙", "好\n看", "3"), ("丙", "好啊", "5"), ("丁", "好", "6"), ("戊", "完", "7")
    ]  # fmt: skip


def test_a_delimiter_in_the_last_column_loses_no_words(tmp_path: Path) -> None:
    turns = read(tmp_path, "c.csv", "time,user,text\n1,甲,好,加微信,abc123\n2,乙,好看,,\n")
    assert [turn.text for turn in turns] == ["好,加微信,abc123", "好看,,"]


@pytest.mark.parametrize(
    ("zone", "date"),
    [("Asia/Shanghai", "2026-11-25 20:00:07"), ("+08:00", "2026/11/25 20:00:07"), ("UTC", "2026-11-25T12:00:07"),
     ("UTC", "2026-11-25 20:00:07+08:00"), ("America/New_York", "2026-11-25 07:00:07")],
)  # fmt: skip
def test_dates_without_a_zone_are_of_the_zone_given_and_meet_epoch_times(tmp_path: Path, zone: str, date: str) -> None:
    own = zone_of(zone)
    assert own
    content = f'{{"time": "{date}", "text": "a"}}\n{{"time": 1795608007000, "text": "b"}}\n'
    turns = read(tmp_path, "r.jsonl", content, zone=own, start=seconds_of(1795608000))
    assert [turn.start for turn in turns] == [7.0, 7.0]


def test_dates_that_name_no_zone_are_of_china() -> None:
    assert seconds_of("2026-11-25 20:00:00") == 1795608000
    assert seconds_of("0001-01-01 00:00:00") is None and seconds_of(1795608000 * 10**6) == 1795608000
    assert clock(1795608000, zone_of("UTC") or CHINA) == "2026-11-25 12:00:00+00:00"


def test_times_that_are_hardly_of_one_clock_are_told_of_with_file_and_fix(tmp_path: Path) -> None:
    (tmp_path / "r.srt").write_text(SRT, "utf-8")
    (tmp_path / "r.jsonl").write_text('{"time": 1795608007000, "user": "a", "text": "好"}\n', "utf-8")
    (tmp_path / "r.csv").write_text("time,user,text\n2026-11-25 12:00:07,甲,好\n", "utf-8")
    said: list[str] = []
    mend = "Say with --zone where its dates are from (--zone UTC), or move it: --shift INPUT=SECONDS."
    paths = [str(tmp_path / name) for name in ("r.srt", "r.jsonl")]
    read_records(paths, Reading(start=1795608000.0, warn=said.append))
    assert said == []
    read_records(paths, Reading(start=1795608000.0 + 8 * 3600, warn=said.append))
    assert said == [f'{paths[1]}:1: this is 7:59:53.0 before second 0 of room "r". {mend}']
    said.clear()
    read_records([paths[1], str(tmp_path / "r.csv")], Reading(warn=said.append))
    assert said == [f'{tmp_path}/r.csv:2: this file is 8:00:00.0 away from the others of room "r". {mend}']


def test_a_transcript_and_comments_are_one_room_on_one_clock(tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text(SRT, "utf-8")
    (tmp_path / "chat.csv").write_text("time,user,text\n2026-11-25 20:00:12,甲,好\n", "utf-8")
    paths = [str(tmp_path / "talk.srt"), str(tmp_path / "chat.csv")]
    with pytest.raises(XunchaError, match=r'Say when the record began: --start "2026-11-25 20:00:00"\.'):
        read_records(paths, Reading())
    turns = read_records(paths, Reading(start=seconds_of("2026-11-25 20:00:10"), shifts={paths[1]: -0.5}))
    assert [(turn.room, turn.start) for turn in turns] == [("talk", 1.0), ("talk", 1.5), ("talk", 3.0)]


def test_files_of_one_name_are_one_room_and_others_are_others(tmp_path: Path) -> None:
    for name in ("a.srt", "b.srt"):
        (tmp_path / name).write_text(SRT, "utf-8")
    (tmp_path / "b.chat.csv").write_text("time,user,text\n1,甲,好\n", "utf-8")
    paths = [str(one) for one in sorted(tmp_path.iterdir())]
    assert sorted({(turn.room, turn.source.value) for turn in read_records(paths, Reading())}) == [
        ("a", "speech"), ("b", "comment"), ("b", "speech")
    ]  # fmt: skip
    assert {turn.room for turn in read_records(paths, Reading(room="x"))} == {"x"}
