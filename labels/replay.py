"""A migration replayed on files: everything is worked out and checked before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.files import write_lines
from xuncha.labels.io import read_jsonl, row_files, write_rows
from xuncha.labels.migration import WAS, MergeLabels, MergeReasons, Migration
from xuncha.labels.record import row_from_json, row_to_json
from xuncha.labels.rows import Row
from xuncha.labels.strict import load_yaml
from xuncha.labels.taxonomy import Taxonomy

_TEXTS = (
    ("name", ("name_zh", "name_en")),
    ("definition", ("definition_zh", "definition_en")),
    ("rule", ("rule",)),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One row before and after."""

    file: Path
    before: Row
    after: Row


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a migration does: the taxonomy's text before and after (equal: it had been migrated), and every row.

    `notes` say which texts of the taxonomy a merge drops. `to_judge` are rows that lost a judgement: an old one, kept
    in `meta.was`, says too little about a new label.
    """

    taxonomy: tuple[str, str]
    files: Mapping[Path, tuple[Row, ...]]
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def to_judge(self) -> tuple[Row, ...]:
        """Rows that somebody must look at."""
        return tuple(one.after for one in self.changes if one.after.meta.get(WAS) != one.before.meta.get(WAS))

    def taxonomy_diff(self, name: str) -> str:
        """A unified diff of the taxonomy file."""
        before, after = (part.splitlines(keepends=True) for part in self.taxonomy)
        return "".join(unified_diff(before, after, name, f"{name} (migrated)"))

    def counts(self) -> dict[str, tuple[int, int]]:
        """True rows of every label and spans of every reason, before and after, where the two differ."""
        every = [row for rows in self.files.values() for row in rows]
        changed = {one.after.id: one.before for one in self.changes}
        before, after = _count(changed.get(row.id, row) for row in every), _count(every)
        names = [*before, *(name for name in after if name not in before)]
        return {name: (before[name], after[name]) for name in names if before[name] != after[name]}


def replay(migration: Migration, paths: Iterable[Path], taxonomy_file: Path) -> Replayed:
    """Work out a migration of JSONL files and of the taxonomy file; nothing is written.

    A taxonomy that has the plan's `to` version already stays as it is, and rows are brought up to it. Raises
    `XunchaError` for another version, a step that does not fit, or a row that would be no row of the new taxonomy.
    """
    source = taxonomy_file.read_text("utf-8-sig")
    where = str(taxonomy_file)
    known = Taxonomy.from_json(load_yaml(where, source), where)
    if known.version == migration.after:
        after = source
    elif known.version == migration.before:
        from xuncha.labels.taxonomy_edit import migrated

        after = migrated(source, migration, where)
    else:
        raise XunchaError(
            f'{where}: has version "{known.version}", but the plan leads from "{migration.before}" to '
            f'"{migration.after}". Replay the plans in their order.'
        )
    taxonomy = Taxonomy.from_json(load_yaml(where, after), where)
    files: dict[Path, tuple[Row, ...]] = {}
    changes: list[Change] = []
    for file in row_files(paths):
        found = [_changed(file, one, row, migration, taxonomy) for one, row in read_jsonl(file, None)]
        files[file] = tuple(one.after for one in found)
        changes += [one for one in found if one.before != one.after]
    notes = tuple(dropped_texts(migration)) if after != source else ()
    return Replayed((source, after), files, tuple(changes), notes)


def dropped_texts(migration: Migration) -> Iterator[str]:
    """A sentence for each merge that takes over texts of one of the merged, since the plan gives no others."""
    for step in migration.steps:
        if not isinstance(step, MergeLabels | MergeReasons) or len(step.olds) < 2:
            continue
        what, texts = ("reason", _TEXTS) if isinstance(step, MergeReasons) else ("label", _TEXTS[:-1])
        kept = [word for word, keys in texts if not set(keys) <= set(migration.new.get(step.new, {}))]
        first = step.new if step.new in step.olds else step.olds[0]
        others = ", ".join(quote(old) for old in step.olds if old != first)
        if kept:
            yield (
                f"{what} {quote(step.new)} has the {', '.join(kept)} of {quote(first)}; those of {others} are dropped. "
                f"Write others in the plan, under new: {step.new}."
            )


def write(replayed: Replayed, taxonomy_file: Path) -> list[Path]:
    """Write the files that change, each whole or not at all, the taxonomy last; give their names.

    A run that is cut off in between is finished by the same command: rows that have been migrated stay as they are.
    """
    changed = list(dict.fromkeys(one.file for one in replayed.changes))
    for file in changed:
        write_rows(file, replayed.files[file])
    before, after = replayed.taxonomy
    if before != after:
        write_lines(taxonomy_file, [after.encode("utf-8")])
        changed.append(taxonomy_file)
    return changed


def _changed(file: Path, where: str, row: Row | XunchaError, migration: Migration, taxonomy: Taxonomy) -> Change:
    if isinstance(row, XunchaError):
        raise row
    after = migration.apply(row)
    return Change(file, row, row_from_json(where, row_to_json(after), taxonomy))


def _count(rows: Iterable[Row]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(f"label {label}" for label, judged in row.labels.items() if judged)
        counts.update(f"reason {span.reason}" for span in row.spans)
    return counts
