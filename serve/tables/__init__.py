"""Tables in and out, in constant memory: CSV, TSV, JSONL, XLSX and Parquet, packed or not, here or at a URL."""

from xuncha.serve.tables.formats import Format, Layout, layout_of
from xuncha.serve.tables.reading import ReadOptions, Table, open_table
from xuncha.serve.tables.rows import Rows
from xuncha.serve.tables.writing import WriteOptions, Writer, open_writer

__all__ = [
    "Format",
    "Layout",
    "ReadOptions",
    "Rows",
    "Table",
    "WriteOptions",
    "Writer",
    "layout_of",
    "open_table",
    "open_writer",
]
