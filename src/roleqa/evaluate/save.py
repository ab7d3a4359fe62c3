"""A report becomes files: JSON for programs, a page for people, the plots as pictures."""

from __future__ import annotations

import errno
import json
import tempfile
from pathlib import Path

from roleqa.errors import SettingsError
from roleqa.evaluate.page import render_page
from roleqa.evaluate.plots import DARK, LIGHT, Plotted, draw_plots
from roleqa.evaluate.results import HEADLINE, Report
from roleqa.files import write_whole as write_whole

# The folder of the last report, beside the index's generations.
FOLDER = "evaluation"
JSON_FILE = "report.json"
PAGE_FILE = "report.html"
# What the picture of a plot is called, for either colour scheme.
LIGHT_PLOT = "{}.png"
DARK_PLOT = "{}-dark.png"


def check_output(folder: Path) -> None:
    """Makes the folder and tries it, before the work that a report takes. Raises SettingsError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def save_report(report: Report, folder: Path) -> Path:
    """Writes the report into a folder and returns its page. Each file is replaced whole, or stays as it was.

    Raises:
        SettingsError: the folder cannot be written to.
    """
    plotted = Plotted(report.groups[HEADLINE], report.headline, report.provenance.calibration.threshold)
    light, dark = draw_plots(plotted, LIGHT), draw_plots(plotted, DARK)
    page = render_page(report, light, dark)
    files = {LIGHT_PLOT.format(name): png for name, png in light.items()}
    files |= {DARK_PLOT.format(name): png for name, png in dark.items()}
    files[JSON_FILE] = (json.dumps(report.to_dict(), ensure_ascii=False, indent=1) + "\n").encode()
    files[PAGE_FILE] = page.encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(folder / name, content)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder / PAGE_FILE


def _unwritable(folder: Path, error: OSError) -> SettingsError:
    room = "make room on its disk, or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return SettingsError(f"{folder} cannot be written to ({error}); {room}give another folder with --output")
