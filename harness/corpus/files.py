"""Bytes into texts and records, with the place of each for the error."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import DataError

Row = Mapping[str, Any]

# Byte order marks; that of UTF-32 begins with that of UTF-16.
MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def decode(content: bytes, where: str) -> str:
    """The text of a file: by its byte order mark, as UTF-8, or in the encoding that is evident from the content.

    DataError if no encoding is: mojibake would be summarised without a word.
    """
    encoding = next((encoding for mark, encoding in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        text = (_detected(content) if encoding == "utf-8" else None) or ""
        if not text:
            raise DataError(
                f"{where}: these bytes are no text in {encoding.upper()} (byte {error.start}, line {line}), and no other "
                "encoding is evident. Save the file as UTF-8."
            ) from None
    if control := re.search(r"[\x00-\x08\x0e-\x1f]", text):
        raise DataError(
            f"{where}: this is no text, it holds the control character {control.group()!r}. Expected plain text in UTF-8."
        )
    return text


def _detected(content: bytes) -> str | None:
    """What the bytes say in the one encoding that fits them, None if there is none or several."""
    replaced = content.decode("utf-8", errors="replace")
    if sum(c > "\x7f" and c != "\ufffd" for c in replaced) >= replaced.count("\ufffd"):
        return None  # UTF-8 that was damaged: whatever else fits would be mojibake
    from charset_normalizer import from_bytes

    matches = list(from_bytes(content))
    fits = [m for m in matches if m.chaos <= 0.1 and m.chaos <= matches[0].chaos + 0.01]
    fits = [m for m in fits if m.coherence >= max(0.2, matches[0].coherence - 0.05) or m.multi_byte_usage > 0.2]
    texts = list(dict.fromkeys(str(m) for m in fits))
    if len(texts) > 1:  # Western European, unless the content says otherwise
        texts = [str(m) for m in fits if m.encoding == "cp1252"]
    return texts[0] if len(texts) == 1 else None


def content_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}.") from error


def json_lines(file: Path) -> Iterator[tuple[str, Callable[[], Row]]]:
    content = content_of(file).removeprefix(b"\xef\xbb\xbf")
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            where = f"{file}:{number}"
            yield where, partial(_json_line, line, where)


def _json_line(line: bytes, where: str) -> Row:
    try:
        record = json.loads(line.decode())
        lone = re.search("[\ud800-\udfff]", json.dumps(record, ensure_ascii=False)) if b"\\u" in line else None
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: JSON has to be in UTF-8, and byte {error.start} of this line is not.") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: this line is no JSON: {error}. Expected one JSON object a line.") from None
    if lone:
        raise DataError(
            f"{where}: {lone.group()!r} is half of a surrogate pair, no character: the text was cut in the middle of one. "
            "Write the line anew from the whole text."
        )
    if not isinstance(record, dict):
        raise DataError(f"{where}: expected a JSON object on each line, this is {kind(record)}.")
    return record


def table_rows(file: Path) -> Iterator[tuple[str, Callable[[], Row]]]:
    suffix = file.suffix.lower()
    if suffix == ".jsonl":
        yield from json_lines(file)
    elif suffix in (".csv", ".tsv"):
        yield from _csv_rows(file, "\t" if suffix == ".tsv" else ",")
    elif suffix == ".parquet":
        import pyarrow.parquet

        try:
            table = pyarrow.parquet.read_table(file)
        except (OSError, ValueError) as error:
            raise DataError(f"{file} cannot be read as Parquet: {' '.join(str(error).split())[:300]}") from error
        for number, row in enumerate(table.to_pylist(), start=1):
            yield f"{file}:{number}", partial(dict, row)
    else:
        raise DataError(
            f"{file}: dataset=articles reads .jsonl, .csv, .tsv and .parquet, not {suffix or 'a file without a suffix'}."
        )


def _csv_rows(file: Path, delimiter: str) -> Iterator[tuple[str, Callable[[], Row]]]:
    csv.field_size_limit(2**31 - 1)  # an article is longer than the 128 KiB that csv allows by default
    reader = csv.DictReader(io.StringIO(decode(content_of(file), str(file)), newline=""), delimiter=delimiter)
    begins = 2
    try:
        for row in reader:
            where, begins = f"{file}:{begins}", reader.line_num + 1
            if None in row or None in row.values():
                columns = len(reader.fieldnames or ())
                yield where, _raising(f"{where}: this row does not have the {columns} columns of the first line.")
            else:
                yield where, partial(dict, row)
    except csv.Error as error:
        raise DataError(f"{file}:{reader.line_num}: this is no CSV: {error}.") from None


def _raising(message: str) -> Callable[[], Row]:
    def read() -> Row:
        raise DataError(message)

    return read


def kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a string",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return "null" if value is None else names.get(type(value), f"a {type(value).__name__}")
