"""Abbreviations as documents explain them."""

from __future__ import annotations

import pytest

from roleqa.ingest.abbreviations import find_abbreviations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("The Rules of Engagement (ROE) bind all.", {"ROE": "Rules of Engagement"}, id="small words inside"),
        pytest.param("A Canal Lock Keeper (CLK) waits.", {"CLK": "Canal Lock Keeper"}, id="initials"),
        pytest.param("Canal Lock Keepers (CLKs) wait.", {"CLK": "Canal Lock Keepers"}, id="plural"),
        pytest.param("the *Water Board* (WB) and Land Office (LO)", {"LO": "Land Office", "WB": "Water Board"}, id="two"),
        pytest.param("a hydro-graphic office (HGO)", {"HGO": "hydro-graphic office"}, id="inside a word"),
        pytest.param("The keeper (see below) and the Board (1907)", {}, id="no abbreviation"),
        pytest.param("Something Else Entirely (XYZ)", {}, id="letters do not fit"),
        pytest.param("WB Board (WB)", {}, id="stands for itself"),
        pytest.param("(WB)", {}, id="nothing before"),
        pytest.param("", {}, id="empty"),
    ],
)
def test_definitions(text: str, expected: dict[str, str]) -> None:
    assert find_abbreviations([text]) == expected


def test_the_most_frequent_meaning_wins_then_the_first() -> None:
    texts = ["Water Board (WB)", "Weir Bridge (WB)", "Weir Bridge (WB)", "Land Office (LO)", "Lock Owner (LO)"]
    assert find_abbreviations(texts) == {"LO": "Land Office", "WB": "Weir Bridge"}
