"""Arrays out of an ``.npz`` file of a stranger: nothing runs, and nothing grows beyond a limit.

``numpy.load`` allocates what a header declares before it finds out that the file is shorter, and
Python's `zipfile` believes an archive's own directory. So both are measured first, in the terms
of the ZIP specification (APPNOTE 6.3, section 4.3.16) and of numpy's ``.npy`` format.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from sirst5k.imaging import read_regular

MAX_BYTES = 260 << 20
"""Most bytes of a file, and of its arrays: 1,024 windows of 256×256 in float32 and a little."""

_END = struct.Struct("<4s4H2IH")  # signature, disks and entries, size and offset, comment
_MAX_DIRECTORY = 1 << 20
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class ArchiveError(ValueError):
    """What is wrong with an archive, as the end of "… is no noise bank: …"."""


def read_archive(path: Path, limit: int = MAX_BYTES) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file by name.

    Parameters
    ----------
    path : Path
    limit : int
        Most bytes of the file, and of its arrays together.

    Raises
    ------
    ArchiveError
        If it is damaged, none, pickled, or larger than that.
    OSError
        If it cannot be read.
    """
    data = read_regular(path, limit)
    _check_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            declared = sum(member.file_size for member in members)
            if declared > limit:
                raise ArchiveError(f"its arrays take {declared:,} bytes, and at most {limit:,} may")
            return {
                member.filename.removesuffix(".npy"): _read_array(archive, member)
                for member in members
            }
    except ArchiveError:
        raise
    except MemoryError:
        raise ArchiveError("there is not enough memory for it") from None
    # What a damaged archive raises depends on the method that its parts are packed with.
    except Exception as error:
        raise ArchiveError(f"it is damaged ({error})") from error


def _check_directory(data: bytes) -> None:
    """Refuse what numpy does not write: comments, many entries, archives of 4 GB."""
    start = len(data) - _END.size
    if start < 0:
        raise ArchiveError("it is cut off")
    signature, *_, size, _, comment = _END.unpack_from(data, start)
    if signature != b"PK\5\6" or comment:
        raise ArchiveError("it is no .npz archive, or is cut off")
    if size > _MAX_DIRECTORY or data[start - 20 : start - 16] == b"PK\6\7":
        raise ArchiveError("its directory is larger than that of any bank")


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(member) as stream:
        header = _HEADERS.get(npy.read_magic(stream))
        if header is None:
            raise ArchiveError(f"its {member.filename!r} is of an unknown version")
        shape, fortran, dtype = header(stream)
        if dtype.kind not in "biuf":
            raise ArchiveError(f"its {member.filename!r} holds {dtype}, not numbers")
        count = math.prod(shape)
        if count * dtype.itemsize > member.file_size:
            raise ArchiveError(f"its {member.filename!r} declares more than it holds")
        values = np.frombuffer(stream.read(count * dtype.itemsize), dtype)
        if values.size != count or stream.read(1):
            raise ArchiveError(f"its {member.filename!r} is not as long as it declares")
    return values.reshape(shape, order="F" if fortran else "C")
