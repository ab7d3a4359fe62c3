"""`roleqa`, with each file it opens and each host it asks noted, as Python sees it: audited_server.py LOG ARGUMENTS."""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from roleqa.cli import main

# Of these the first argument is a path; of the others see below.
PATHS = {
    "os.listdir", "os.scandir", "os.mkdir", "os.rmdir", "os.remove", "os.truncate", "os.chmod", "os.chown", "os.utime", "sqlite3.connect",
}  # fmt: skip
PAIRS = {"os.rename", "os.link", "os.symlink", "shutil.move", "shutil.copyfile", "shutil.copytree"}
WITHIN = {"os.mkdir", "os.rmdir", "os.remove"}
HOSTS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
PROGRAMS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"}


class Audit:
    def __init__(self, log: str) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._busy = threading.local()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if getattr(self._busy, "on", False):
            return
        self._busy.on = True
        try:
            for kind, what in self._seen(event, arguments):
                # What is not there is a name within a folder that is open, as a tree is removed: the folder was noted.
                if kind == "read" and not Path(what).is_absolute() and not os.path.lexists(what):
                    continue
                what = str(Path.cwd() / what) if kind in ("read", "write") else what
                os.write(self._log, f"{kind}\t{what}\n".encode("utf-8", "backslashreplace"))
        finally:
            self._busy.on = False

    def _seen(self, event: str, arguments: tuple[Any, ...]) -> list[tuple[str, str]]:
        if event == "open":
            path, mode, flags = arguments
            writes = bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            writes = writes or any(letter in str(mode or "") for letter in "wax+")
            return [] if isinstance(path, int) else [("write" if writes else "read", _path(path))]
        if event in PAIRS:
            return [("write", _path(path)) for path in arguments[:2]]
        if event in PATHS:
            kind = "read" if event in ("os.listdir", "os.scandir") else "write"
            # Within a folder that is open, as a tree is removed, it is a name alone: the folder was noted.
            within = event in WITHIN and arguments[-1] != -1
            return [] if within or isinstance(arguments[0], int) else [(kind, _path(arguments[0]))]
        if event in ("socket.connect", "socket.sendto", "socket.bind"):
            family, address = arguments[0].family, arguments[1]
            return [] if family == getattr(socket, "AF_UNIX", None) else [("host", str(address[0]))]
        if event in HOSTS:
            return [("host", str(arguments[0]))]
        return [("program", str(arguments[0]))] if event in PROGRAMS else []


def _path(path: Any) -> str:
    text = os.fsdecode(path) if path is not None else "."
    return text.removeprefix("file://").partition("?")[0] if text.startswith("file://") else text


if __name__ == "__main__":
    sys.addaudithook(Audit(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
