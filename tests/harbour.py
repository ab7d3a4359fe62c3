"""A small corpus about two made-up roles."""

from __future__ import annotations

LIGHTHOUSES = """# Keepers and pilots

## Duties

A lighthouse keeper lights the lamp at dusk. A harbour pilot boards arriving ships.

## Terms

| Topic | Lighthouse Keeper | Harbour Pilot |
| --- | --- | --- |
| Leave | Six weeks in winter | Four weeks in summer |
| Uniform | Grey oilskin | Blue jacket |

## Pay

The harbour pilot is paid for each ship. Wages are settled in March.
"""

ROLES = """
[[role]]
id = "keeper"
name = "Lighthouse Keeper"
aliases = ["keeper", "LK"]

[[role]]
id = "pilot"
name = "Harbour Pilot"
aliases = ["pilot", "HP", "harbor pilot"]
"""
