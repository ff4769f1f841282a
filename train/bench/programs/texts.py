"""The texts of a user's table, read as `xuncha score` reads it: `texts.py TABLE TARGET.json [COLUMN…]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from xuncha.labels.errors import user_errors


def main() -> None:
    """Write all texts of the table's text columns that a model would be asked about."""
    with user_errors():
        from xuncha.serve.columns import text_columns
        from xuncha.serve.scorer import ruling
        from xuncha.serve.tables import ReadOptions, open_table

        source, target, *columns = sys.argv[1:]
        with open_table(source, ReadOptions(None, None, None)) as table:
            names = text_columns(table, tuple(columns))
            texts = [
                value
                for rows in table.chunks(8192)
                for name in names
                for value in rows.values(name)
                if ruling(value) is None
            ]
        Path(target).write_text(json.dumps(texts), encoding="utf-8")


if __name__ == "__main__":
    main()
