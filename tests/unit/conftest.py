"""What is answered by fakes must not hang on the numbers that are fitted to the packaged reader."""

from __future__ import annotations

import pytest

from fakes import CALIBRATION
from roleqa.answer import confidence


@pytest.fixture(autouse=True)
def _fixed_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confidence, "packaged_calibration", lambda: CALIBRATION)
