"""Payloads as the sources sent them, made small before they are sealed: orders are mostly names of fields.

Zstandard with example orders as its dictionary: an order of 3.4 kB becomes 0.4, in 6 µs. The examples are part of what
is stored: other bytes there and nothing packed before can be read. Better ones come beside them under the next number.
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from zstandard import DICT_TYPE_RAWCONTENT, ZstdCompressionDict, ZstdCompressor, ZstdDecompressor

_LEVEL: Final = -1
_NUMBER: Final = b"\x01"
"""The first byte: by which examples it was packed."""


@cache
def _examples() -> ZstdCompressionDict:
    made = ZstdCompressionDict(files("fahuo.kernel").joinpath("compact.jsonl").read_bytes(), DICT_TYPE_RAWCONTENT)
    made.precompute_compress(level=_LEVEL)
    return made


def packer() -> Callable[[bytes], bytes]:
    """What packs the payloads of a batch. For one thread; `unpack` gives the very same bytes back."""
    compress = ZstdCompressor(level=_LEVEL, dict_data=_examples(), write_checksum=False).compress
    return lambda raw: _NUMBER + compress(raw)


def unpack(packed: bytes) -> bytes:
    """The payload as it came. ValueError for bytes that `packer` did not make."""
    if packed[:1] != _NUMBER:
        raise ValueError("a payload packed in a way that is not known here")
    return ZstdDecompressor(dict_data=_examples()).decompress(packed[1:])
