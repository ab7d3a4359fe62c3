"""A real Milvus server (standalone, from the package `milvus`) of the tests' own, which can be killed and started again."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path
from typing import Any

from roleqa.index.milvus_server import MilvusServer

ROLES = ("rootCoord", "proxy", "queryCoord", "queryNode", "indexNode", "dataCoord", "dataNode")
STARTING = 240.0


class Standalone:
    """Its data lie in `folder`, and it has the same port whenever it is started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._server: Any = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, and returns once it has answered."""
        from milvus import MilvusServer as Process
        from milvus import MilvusServerConfig

        config = MilvusServerConfig(data_dir=str(self.folder), proxy_port=self.port)
        for role in ROLES:
            config.set(f"{role}.ip", "127.0.0.1")
        # What it makes of rows that have just come finds 0.36 of the nearest.
        config.set("queryNode.segcore.interimIndex.enableIndex", "false")
        self._server = Process(config, wait_for_started=False)
        self._server.start()
        deadline = time.monotonic() + STARTING
        while True:
            if self._server.server_proc.poll() is not None:
                raise RuntimeError(f"Milvus has ended by itself; see {self.folder / 'logs'}")
            try:
                MilvusServer(self.uri, patience=5).call("list_collections")
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)
            else:
                return

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._server.server_proc.kill()
        self._server.server_proc.wait()
        self._close()

    def stop(self) -> None:
        if self._server and self._server.server_proc:
            self._server.server_proc.terminate()
            with contextlib.suppress(Exception):
                self._server.server_proc.wait(timeout=20)
            self.kill()

    def _close(self) -> None:
        self._server.server_proc = None
        for stream in self._server.proc_fds.values():
            stream.close()
        self._server.proc_fds.clear()
