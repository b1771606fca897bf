"""A run on a Dask cluster: the same bytes, whatever happens to its workers."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny import make_tiny

from sirst5k import Recipe, SyntheticDataset, open_dataset, write_dataset
from sirst5k._version import __version__
from sirst5k.datasets import test_part
from sirst5k.errors import ClusterError, ImageError, ParameterError
from sirst5k.synthesis import cluster, cluster_start, cluster_versions
from sirst5k.synthesis.working import Order, RunOverError, run_chunk_on_cluster

pytest.importorskip("distributed", reason="needs Dask: pip install 'sirst5k[cluster]'")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills workers with SIGKILL")

SETS = ["sampling.size=16", "sampling.guard=2", "variants=60"]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    """A cluster of two worker processes."""
    from distributed import LocalCluster

    started = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL + 1,  # of the worker that is killed
    )
    yield started
    started.close()


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> SyntheticDataset:
    source = make_tiny(tmp_path_factory.mktemp("cluster") / "source", n=9, size=(64, 56))
    return SyntheticDataset(open_dataset(source, "train"), Recipe.load("sirst5k").override(SETS))


@pytest.fixture(scope="module")
def whole(synthetic: SyntheticDataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process makes, undisturbed."""
    out = tmp_path_factory.mktemp("whole") / "out"
    write_dataset(synthetic, out, test=test_part(synthetic.dataset))
    return out


def pids(started: Any) -> set[int]:
    return {worker.pid for worker in started.workers.values() if worker.pid is not None}


def test_a_run_survives_the_death_of_a_worker_with_the_same_bytes(
    workers: Any, synthetic: SyntheticDataset, whole: Path, tmp_path: Path
) -> None:
    before = pids(workers)
    killed: list[int] = []

    def started(total: int, done: int) -> Any:
        stored = [0]

        def advance(number: int) -> None:
            stored[0] += number
            if stored[0] >= total // 4 and not killed:
                killed.append(min(pids(workers)))
                os.kill(killed[0], signal.SIGKILL)

        return advance

    out = tmp_path / "out"
    report = write_dataset(
        synthetic,
        out,
        test=test_part(synthetic.dataset),
        backend="dask",
        scheduler=workers.scheduler_address,
        started=started,
    )
    assert killed
    assert killed[0] in before
    assert (report.written, report.train) == (6 * 61 + 3, 6 * 61)
    assert tree(out) == tree(whole)
    assert not list(out.glob(".*"))


def test_shards_and_what_is_lost_are_made_on_the_cluster_too(
    workers: Any, synthetic: SyntheticDataset, tmp_path: Path
) -> None:
    shards: dict[str, Any] = {"format": "shards", "shard_size": 8, "limit": 50}
    write_dataset(synthetic, tmp_path / "here", **shards)
    there = {**shards, "backend": "dask", "scheduler": workers.scheduler_address}
    write_dataset(synthetic, tmp_path / "there", **there)
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    (tmp_path / "there/shards/train-000003.tar").unlink()
    assert write_dataset(synthetic, tmp_path / "there", **there).written == 8
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_the_error_of_a_worker_arrives_as_it_is(workers: Any, tmp_path: Path) -> None:
    source = make_tiny(tmp_path / "source", n=9, size=(64, 56))
    recipe = Recipe.load("sirst5k").override([*SETS, "displacement=null"])
    synthetic = SyntheticDataset(open_dataset(source, "train"), recipe)

    def started(total: int, done: int) -> None:
        (source / "images/000006.png").write_bytes(b"no image any more")

    address = workers.scheduler_address
    with pytest.raises(ImageError, match=r"000006\.png"):
        write_dataset(synthetic, tmp_path / "o", backend="dask", scheduler=address, started=started)
    assert not (tmp_path / "o/dataset.json").exists()
    assert not list((tmp_path / "o").glob(".sirst5k*"))


def connect(root: Path, address: str) -> None:
    with cluster.open_cluster(root, scheduler=address):
        pass


@contextlib.contextmanager
def server(greeting: bytes) -> Iterator[str]:
    """Listen on a port and say something that no scheduler says; give the address."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listening.accept()
                lines.append(line)
                line.sendall(greeting)

    lines: list[socket.socket] = []
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        for line in (*lines, listening):
            line.close()


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"\0" * 8])
def test_another_server_is_not_taken_for_a_scheduler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, greeting: bytes
) -> None:
    monkeypatch.setattr(cluster_start, "_SECONDS", 0.3)
    with server(greeting) as address, pytest.raises(ClusterError, match="cannot talk to one"):
        connect(tmp_path, address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "10.0.0.1", "foo://a:1", "tcp://a:b"])
def test_an_address_where_nobody_listens_is_named(tmp_path: Path, address: str) -> None:
    with pytest.raises(ClusterError, match=re.escape(address)) as caught:
        connect(tmp_path, address)
    assert "\n" not in str(caught.value)


def test_a_scheduler_without_workers_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "PATIENCE", 5.0)
    monkeypatch.setattr(cluster, "WORKER_PATIENCE", 0.3)
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", protocol="tcp") as none:
        address = none.scheduler_address
        with pytest.raises(ClusterError, match=f"had none for 0.3 s.*dask worker {address}"):
            connect(tmp_path, address)


@pytest.mark.parametrize("package", ["sirst5k", "distributed", "numpy"])
def test_other_versions_are_refused(
    workers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    ours = cluster_versions.versions()
    monkeypatch.setattr(cluster, "versions", lambda: {**ours, package: "9.9"})
    with pytest.raises(ClusterError, match=f"Expected {package} 9.9 on the whole cluster"):
        connect(tmp_path, workers.scheduler_address)


def test_a_worker_knows_what_it_cannot_do_and_when_a_run_is_over(tmp_path: Path) -> None:
    path, here = tmp_path / "task", os.getcwd()  # noqa: PTH109
    with pytest.raises(ClusterError, match="all workers share"):
        run_chunk_on_cluster(Order(str(path), str(tmp_path), __version__), 0, 2)
    with pytest.raises(ClusterError, match="Expected sirst5k 0.0 on every worker"):
        run_chunk_on_cluster(Order(str(path), str(tmp_path), "0.0"), 0, 2)
    path.write_bytes(pickle.dumps(abs))
    order = Order(str(path), str(tmp_path / "not here"), __version__)
    assert run_chunk_on_cluster(order, 1, 4) == ([1, 2, 3], [])
    path.unlink()
    with pytest.raises(RunOverError):
        run_chunk_on_cluster(order, 1, 4)
    assert os.getcwd() == here  # noqa: PTH109


def test_the_command_starts_a_cluster_and_stops_it_at_ctrl_c(
    synthetic: SyntheticDataset, whole: Path, tmp_path: Path
) -> None:
    assert synthetic.dataset.root is not None
    sets = [word for assignment in SETS for word in ("--set", assignment)]
    line = [
        sys.executable, "-m", "sirst5k_cli", "synth", str(synthetic.dataset.root), "out",
        *sets, "--backend", "dask", "--jobs", "1",
    ]  # fmt: skip
    process = subprocess.Popen(
        line, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    manifest = tmp_path / "out/manifest.jsonl"
    while process.poll() is None and not (manifest.exists() and manifest.stat().st_size):
        time.sleep(0.005)
    assert process.poll() is None, process.communicate()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, errors = process.communicate(timeout=20)  # at most 2 s on a quiet machine
    assert process.returncode == 130
    assert errors == "sirst5k: interrupted. Run the same command again to go on.\n"
    # Goes on, without the cluster.
    write_dataset(synthetic, tmp_path / "out", test=test_part(synthetic.dataset))
    assert tree(tmp_path / "out") == tree(whole)


def test_a_scheduler_is_for_the_back_end_that_has_one(synthetic: SyntheticDataset) -> None:
    with pytest.raises(ParameterError, match="back end dask"):
        write_dataset(synthetic, "out", scheduler="tcp://10.0.0.1:8786")
    with pytest.raises(ParameterError, match="Did you mean 'dask'"):
        write_dataset(synthetic, "out", backend="dusk")
