"""The README's pictures can be shown anywhere: they are complete in themselves, and only pictures."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PICTURES = sorted(FOLDER.glob("*.svg"))


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_well_formed_and_fetches_and_runs_nothing(picture: Path) -> None:
    text = picture.read_text(encoding="utf-8")
    for element in ElementTree.fromstring(text).iter():
        assert not element.tag.endswith("script")
        addresses = [value for name, value in element.attrib.items() if name.endswith(("src", "href"))]
        assert all(address.startswith("data:image/") for address in addresses)
        assert not [name for name in element.attrib if name.startswith("on")]
    assert not re.search(r"@import|url\((?!\"?data:|\"?#)|127\.0\.0\.1|localhost", text)


def test_the_readme_shows_every_picture_there_is() -> None:
    shown = re.findall(r"\]\(docs/pictures/([^)]+)\)", (FOLDER.parents[1] / "README.md").read_text())
    assert sorted(shown) == [picture.name for picture in PICTURES]
