"""Contrast, calculated from the colours of the style sheet: in the ordinary mode, in the dark, in the elder mode."""

import re

import pytest

from api.pages.assets import FOLDER, SHEETS, style_sheet

SHEET = style_sheet()
TEXTS = (
    ("text", "ground"),
    ("text", "paper"),
    ("text", "bad-ground"),
    ("quiet", "ground"),
    ("quiet", "paper"),
    ("brand", "ground"),
    ("brand", "paper"),
    ("brand-text", "brand"),
    ("good", "paper"),
    ("good", "ground"),
    ("warn", "warn-ground"),
    ("bad", "bad-ground"),
    ("bad", "paper"),
    ("bad", "ground"),
)
"""Every colour of text with every ground on which it appears."""
MODES = {
    "ordinary": "",
    "dark": "@media screen and (prefers-color-scheme: dark) {\n    html:not(.elder)",
    "elder": "html.elder",
}
"""Where the sheet lists the colours of each mode that differ."""
EDGES = (("quiet", "paper"), ("quiet", "ground"), ("brand", "paper"), ("brand", "ground"), ("bad", "paper"))
"""The edges of fields, and the frame of the focused element."""
LINES = {"line"}
"""Colours of mere dividing lines: a reader who does not see them loses nothing."""


def colours(mode: str) -> dict[str, str]:
    """Read the colours of a mode; the other modes list only those that differ."""

    def block(selector: str) -> dict[str, str]:
        found = re.search(rf"^ +{re.escape(selector)} {{(.*?)}}", SHEET, re.MULTILINE | re.DOTALL)
        assert found is not None
        return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", found[1]))

    return block(":root") | (block(MODES[mode]) if MODES[mode] else {})


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio (WCAG 2.2)."""
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", MODES)
class TestAColour:
    def test_of_text_stands_out_from_each_ground(self, mode: str) -> None:
        its = colours(mode)
        weak = {pair: round(contrast(its[pair[0]], its[pair[1]]), 2) for pair in TEXTS}
        assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}

    def test_of_an_edge_can_be_seen(self, mode: str) -> None:
        its = colours(mode)
        weak = {pair: round(contrast(its[pair[0]], its[pair[1]]), 2) for pair in EDGES}
        assert {pair: ratio for pair, ratio in weak.items() if ratio < 3} == {}

    def test_is_part_of_a_pair(self, mode: str) -> None:
        assert set(colours(mode)) - {name for pair in TEXTS for name in pair} == LINES


def test_no_colour_stands_beside_the_variables() -> None:
    """Paper and codes to scan are white in every mode; all other colours have names, and are in the pairs above."""
    rules = re.sub(
        r"^ +(:root|html\.elder|html:not\(\.elder\)) {.*?}", "", SHEET, flags=re.MULTILINE | re.DOTALL
    )
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", rules)) == {"#ffffff"}


class TestTheSheets:
    def test_are_all_served_in_their_order(self) -> None:
        assert sorted(SHEETS) == sorted(path.stem for path in (FOLDER / "css").iterdir())

    @pytest.mark.parametrize("name", [each for each in SHEETS if each != "layers"])
    def test_keep_every_rule_in_one_of_the_declared_layers(self, name: str) -> None:
        declared = re.search(r"^@layer ([\w, ]+);$", SHEET, re.MULTILINE)
        assert declared is not None
        rules = (FOLDER / "css" / f"{name}.css").read_text(encoding="utf-8")
        opened = re.fullmatch(r"/\*[^*]*\*/\n@layer (\w+) {\n(?:(?:  .*)?\n)+}\n", rules)
        assert opened is not None, "a comment, then one layer with all rules in it"
        assert opened[1] in declared[1].split(", ")
