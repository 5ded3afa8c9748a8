"""Opening what people give us: plain or gzip bytes, in which encoding, as text lines of bounded length.

Everything here streams; whatever cannot be read raises `Failure` with exit code 2 and says what to do.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

CHUNK: Final = 1 << 20
MAX_LINE: Final = 1 << 20
"""Characters of one line of a table."""


def failure(code: str, path: Path, message: str, next_: str = "", **params: object) -> Failure:
    """The whole file cannot be read."""
    return Failure(Problem(code, "file", path.name, message, next_, {"file": path.name, **params}), 2)


class _Counting(io.RawIOBase):
    """Reports how many bytes of the file have been read (of the packed bytes, for a packed file)."""

    def __init__(self, inner: IO[bytes], progress: Callable[[int], None]) -> None:
        self._inner = inner
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        count = self._inner.readinto(buffer)  # type: ignore[attr-defined]  # a raw stream has it
        self._progress(count)
        return int(count)

    def close(self) -> None:
        self._inner.close()
        super().close()


@contextmanager
def open_bytes(path: Path, progress: Callable[[int], None] | None = None) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked when it is gzip whatever its name. Raises Failure when it cannot be read."""
    try:
        raw: IO[bytes] = path.open("rb", buffering=0) if progress else path.open("rb")
    except OSError as error:
        raise failure(
            "cannot_open", path, N_("{file} cannot be opened: {why}."), N_("Check the path."), why=error.strerror
        ) from None
    with raw:
        stream: IO[bytes] = io.BufferedReader(_Counting(raw, progress), CHUNK) if progress else raw
        try:
            packed = _peek(stream, 2) == b"\x1f\x8b"
            yield cast("IO[bytes]", gzip.GzipFile(fileobj=stream)) if packed else stream
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise failure(
                "broken_gzip",
                path,
                N_("{file} is a damaged or cut .gz file: {why}."),
                N_("Get the file again."),
                why=str(error),
            ) from None
        except IsADirectoryError:
            raise failure("cannot_open", path, N_("{file} is a folder, not a file.")) from None


def _peek(stream: IO[bytes], size: int) -> bytes:
    return stream.peek(size)[:size]  # type: ignore[attr-defined,no-any-return]  # a buffered reader has it


def head(path: Path, size: int = 1 << 16) -> bytes:
    """The first bytes of the (unpacked) file."""
    with open_bytes(path) as stream:
        return stream.read(size)


_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path, stated: str | None = None) -> str:
    """The encoding in which the *whole* file can be read: stated, by its mark, UTF-8, UTF-16, or Chinese GB 18030.

    Reads the file once. Raises Failure naming the first byte that fits nothing. Nothing else is guessed: Latin-1 and
    the Thai and Vietnamese one-byte encodings fit any bytes, so they must be stated in a mapping file.
    """
    start = head(path, 4096)
    candidates = [stated] if stated else [name for mark, name in _BOMS if start.startswith(mark)][:1]
    if not candidates:
        if start.count(0) > len(start) // 4:
            candidates = ["utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"]
        else:
            candidates = ["utf-8"]
    encoding = candidates[0]
    wrong_at = _first_wrong_byte(path, encoding)
    if wrong_at is None:
        return encoding
    if encoding == "utf-8" and _is_chinese(path):
        return "gb18030"
    raise failure(
        "wrong_encoding",
        path,
        N_("{file} is not valid {encoding} text: byte {at} fits no character."),
        N_("Save the file as UTF-8, or name its encoding in a mapping file."),
        encoding=encoding.upper(),
        at=wrong_at + 1,
    )


def _first_wrong_byte(path: Path, encoding: str) -> int | None:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
    except LookupError:
        raise failure(
            "unknown_encoding", path, N_("There is no encoding “{encoding}”."), "", encoding=encoding
        ) from None
    offset = 0
    with open_bytes(path) as stream:
        while chunk := stream.read(CHUNK):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return offset - pending + error.start
            offset += len(chunk)
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return max(offset - 1, 0)
    return None


_SAMPLE: Final = 20_000
_LEVEL_ONE: Final = range(0xB0, 0xD8)
_PUNCTUATION: Final = (0xA1, 0xA3)


def _is_chinese(path: Path) -> bool:
    """Whether the bytes are GB 18030 and read like Chinese: nine in ten of the other signs are everyday characters.

    Western, Thai or Vietnamese bytes may decode by accident, but then into rare characters.
    """
    if _first_wrong_byte(path, "gb18030") is not None:
        return False
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    common = total = 0
    with open_bytes(path) as stream:
        while total < _SAMPLE and (chunk := stream.read(CHUNK)):
            for sign in decoder.decode(chunk):
                if sign > "\x7f":
                    total += 1
                    common += _everyday(sign)
    return total > 0 and common >= 0.9 * total


def _everyday(sign: str) -> bool:
    """In the first level of GB 2312 (3,755 most used characters) or its punctuation and full-width letters."""
    try:
        code = sign.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(code) > 1 and (code[0] in _LEVEL_ONE or code[0] in _PUNCTUATION)


def text_lines(path: Path, encoding: str, progress: Callable[[int], None] | None = None) -> Iterator[str]:
    """The lines with their ends, as `csv` wants them. Raises Failure for a NUL sign or an endless line."""
    with open_bytes(path, progress) as stream:
        reader = io.TextIOWrapper(stream, encoding, "strict", newline="")
        number = 0
        try:
            while line := reader.readline(MAX_LINE):
                number += 1
                if "\0" in line:
                    raise failure(
                        "nul_bytes",
                        path,
                        N_("{file} has NUL bytes in line {line}: it is no text table, or it is damaged."),
                        N_("Export the file again."),
                        line=number,
                    )
                if len(line) >= MAX_LINE:
                    raise failure(
                        "line_too_long",
                        path,
                        N_("Line {line} of {file} is longer than {limit} characters: this is no order table."),
                        N_("Export the file again."),
                        line=number,
                        limit=MAX_LINE,
                    )
                yield line
        finally:
            reader.detach()
