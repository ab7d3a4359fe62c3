"""A real Milvus server (standalone 2.3.5, from the package `milvus`), which can be killed and started again.

Tests and benchmarks have their own, for as long as they last. It is spoken to on loopback; it listens on all of the
machine's addresses, as this edition cannot be told otherwise, and holds nothing but what tests have made.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from roleqa.errors import StoreError
from roleqa.index.milvus_server import MilvusServer

# The package's own launcher leaves sockets open, and finds new ports for each start: it writes the configuration, once,
# in a process of its own, and the server is started here.
PREPARE = """
import sys
import milvus
config = milvus.MilvusServerConfig(data_dir=sys.argv[1], proxy_port=int(sys.argv[2]))
for role in ("rootCoord", "proxy", "queryCoord", "queryNode", "indexNode", "dataCoord", "dataNode"):
    config.set(f"{role}.ip", "127.0.0.1")
# What it makes of rows that have just come finds 0.36 of the nearest.
config.set("queryNode.segcore.interimIndex.enableIndex", "false")
config.resolve()
milvus._initialize_data_files(config.base_data_dir)
"""
STARTING = 120.0


class Standalone:
    """Its data lie in `folder`, and it has the same address whenever it is started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uri = f"http://127.0.0.1:{_free_port()}"
        port = self.uri.rpartition(":")[2]
        subprocess.run([sys.executable, "-W", "ignore", "-c", PREPARE, folder, port], check=True, timeout=STARTING)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and returns once it answers."""
        program = self.folder / "bin" / "milvus"
        environment = os.environ | {
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(_free_port()),
            "MILVUS_RUN_DIR": str(self.folder / "run"),
            "LD_LIBRARY_PATH": str(program.parent),
        }
        with (self.folder / "logs" / "output.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "run", "standalone"], cwd=self.folder, env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + STARTING
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Milvus does not start; see {self.folder / 'logs'}")
            time.sleep(0.5)

    def _answers(self) -> bool:
        try:
            MilvusServer(self.uri, patience=2).call("list_collections")
        except StoreError:
            return False
        return True

    @property
    def pid(self) -> int:
        """That of its process. Raises RuntimeError where it does not run."""
        if self._process is None:
            raise RuntimeError("Milvus does not run")
        return self._process.pid

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
