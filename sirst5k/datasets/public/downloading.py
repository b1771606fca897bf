"""Downloading an archive: resumed where it stopped, checked before it counts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sirst5k.errors import DatasetError
from sirst5k.optional import require

Progress = Callable[[int, int | None], Callable[[int], Any]]
"""Called with bytes already there and in all (None if unknown); returns what takes further ones."""

_CHUNK = 1 << 16
_PATIENCE = 30  # seconds without a byte


def download(url: str, file: Path, sha256: str = "", progress: Progress | None = None) -> Path:
    """Return a downloaded file, which is not downloaded again if it is there and whole.

    What arrived before an interruption stays in ``FILE.part``, and the next call goes on from
    there if the server can, and if what it has is still the same.

    Parameters
    ----------
    url : str
        HTTP or HTTPS.
    file : Path
        Where it is kept.
    sha256 : str
        What it must hash to; empty if that is not known.
    progress : callable, optional
        See `Progress`.

    Raises
    ------
    DatasetError
        If the server refuses, the connection breaks, or the hash differs.
    MissingDependencyError
        If pooch is not installed.
    """
    pooch = require("pooch", "a download", "data")
    requests = require("requests", "a download", "data")
    file.parent.mkdir(parents=True, exist_ok=True)
    pooch.get_logger().setLevel("WARNING")  # our callers say themselves what happens
    try:
        kept = pooch.retrieve(
            url,
            known_hash=f"sha256:{sha256}" if sha256 else None,
            fname=file.name,
            path=file.parent,
            downloader=_Resuming(requests, file, progress),
        )
    except requests.RequestException as error:
        raise DatasetError(
            f"Expected to download {url}, but {_reason(error)}. Run the same command again to go "
            "on, or download it in a browser and give it with --from FILE."
        ) from error
    except ValueError as error:
        if "hash" not in str(error):
            raise
        raise DatasetError(
            f"Expected {url} to have the sha256 {sha256}, but what arrived has another: it was "
            "changed on the way, or by its owner. It was removed. Compare with its home page."
        ) from error
    return Path(kept)


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}"
    return f"the connection failed ({error.__class__.__name__})"


class _Resuming:
    """A downloader, in the form that pooch calls."""

    def __init__(self, requests: Any, file: Path, progress: Progress | None) -> None:
        self._requests = requests
        self._part = file.with_name(f"{file.name}.part")
        self._state = file.with_name(f"{file.name}.part.json")
        self._progress = progress

    def __call__(self, url: str, output_file: str, _: Any) -> None:
        have, validator = self._before(url)
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        with self._requests.get(url, headers=headers, stream=True, timeout=_PATIENCE) as response:
            if response.status_code == 416:  # all of it is here, or it became shorter
                self._forget()
                raise self._requests.ConnectionError("the part that is here fits no longer")
            response.raise_for_status()
            if response.status_code != 206:
                have = 0
            length = response.headers.get("Content-Length")
            whole = have + int(length) if length is not None else None
            self._remember(url, response.headers)
            # Or a connection that breaks would take what had arrived with it; the length is
            # compared below.
            response.raw.enforce_content_length = False
            tell = self._progress(have, whole) if self._progress is not None else None
            with self._part.open("ab" if have else "wb") as part:
                for chunk in response.iter_content(_CHUNK):
                    have += part.write(chunk)
                    if tell is not None:
                        tell(len(chunk))
        if whole is not None and have < whole:
            raise self._requests.ConnectionError(f"{have} of {whole} bytes arrived")
        os.replace(self._part, output_file)  # noqa: PTH105  # pooch gives a string
        self._state.unlink(missing_ok=True)

    def _before(self, url: str) -> tuple[int, str]:
        """Return how much of the same file is here, and what says that it is the same."""
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
            if state["url"] == url and state["validator"]:
                return self._part.stat().st_size, str(state["validator"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return 0, ""

    def _remember(self, url: str, headers: Any) -> None:
        tag = headers.get("ETag", "")
        # A weak tag does not promise the same bytes (RFC 9110, section 8.8.1).
        validator = headers.get("Last-Modified", "") if tag.startswith("W/") or not tag else tag
        self._state.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)
