"""A page as a document: what it says, where it leads, and what its forms would send."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx2
from bs4 import BeautifulSoup, Tag


class Page:
    """A page or a part of one. Whatever is not there fails with what was looked for and what is there."""

    def __init__(self, shown: str | httpx2.Response | Tag) -> None:
        """Read a page from its text or from the answer that holds it."""
        if isinstance(shown, httpx2.Response):
            shown = shown.text
        if isinstance(shown, str):
            shown = BeautifulSoup(shown, "html.parser", multi_valued_attributes=None)
        self.tag = shown

    @property
    def text(self) -> str:
        """Return the words in one line, without scripts and without what is hidden."""
        seen = (
            each for each in self.tag.strings if not any("hidden" in above.attrs for above in each.parents)
        )
        return " ".join(" ".join(seen).split())

    def all(self, selector: str) -> list[Tag]:
        """Return the elements that a CSS selector finds; none is an answer, too."""
        return list(self.tag.select(selector))

    def part(self, selector: str) -> "Page":
        """Return the one part of the page that a CSS selector finds."""
        return Page(_one(self.all(selector), selector, (each.name for each in self.all("*"))))

    def element(self, its_id: str) -> Tag:
        """Return the one element with an id."""
        return _one(self.all(f'[id="{its_id}"]'), f"id {its_id}", _each(self.all("[id]"), "id"))

    def items(self) -> list["Page"]:
        """Return the entries of the lists."""
        return [Page(each) for each in self.all("li")]

    @property
    def links(self) -> dict[str, list[str]]:
        """Map the addresses that links lead to to the links' words."""
        found: dict[str, list[str]] = {}
        for each in self.all("a[href]"):
            found.setdefault(str(each["href"]), []).append(Page(each).text)
        return found

    @property
    def marks(self) -> list[tuple[str, str]]:
        """Return the coloured marks: the colour's class and the words."""
        return [
            (str(each["class"]).removeprefix("mark").strip(), Page(each).text) for each in self.all(".mark")
        ]

    def fact(self, term: str) -> str:
        """Return what a list of facts says to a term."""
        terms = self.all("dt")
        found = _one([each for each in terms if Page(each).text == term], f"term {term}", _words(terms))
        said = found.find_next_sibling()
        assert said, term
        assert said.name == "dd", said
        return Page(said).text

    @property
    def sections(self) -> list[str]:
        """Return the sections' names: their labels, the ids of their labels, and their headings."""
        return [name for each in self.all("section") for name in _names(each)]

    def section(self, name: str) -> "Page":
        """Return the one section with a label, with a label of this id, or with a heading."""
        named = [each for each in self.all("section") if name in _names(each)]
        return Page(_one(named, f"section {name}", self.sections))

    def rows(self) -> list["Page"]:
        """Return the rows of the one table, without those of its head."""
        return [Page(each) for each in self.part("tbody").all("tr")]

    def form(self, action: str, **having: str) -> "Page":
        """Return the one form to an address that would send these values."""
        forms = [Page(each) for each in self.all("form")]
        found = [
            each.tag
            for each in forms
            if each.tag.get("action") == action
            and all(value in each.values(name) for name, value in having.items())
        ]
        there = (f"{each.tag.get('action')} {each.values('outcome')}" for each in forms)
        return Page(_one(found, f"form to {action} with {having}", there))

    def sends(self) -> dict[str, Any]:
        """Return all that a browser would send for a form that is left as it is, by name."""
        return {name: self.values(name) for name in self.names()}

    def names(self) -> list[str]:
        """Return the names of the fields that a browser would send."""
        return list(dict(self._sent()))

    def values(self, name: str) -> list[str]:
        """Return the values that a browser would send under a name: none, one, or several for checkboxes."""
        return [value for each, value in self._sent() if each == name]

    def field(self, name: str) -> str:
        """Return the one value that a browser would send under a name, from whichever form."""
        found = sorted(set(self.values(name)))
        assert len(found) == 1, f"field {name}: its values are {found}, there are {self.names()}"
        return found[0]

    @property
    def csrf(self) -> str:
        """Return the token of the session."""
        token = self.field("csrf")
        assert token, "the token is empty"
        return token

    def kept(self, name: str) -> list[str]:
        """Return the values of the checkboxes that are ticked."""
        return [str(each["value"]) for each in self.all(f'input[type="checkbox"][name="{name}"][checked]')]

    def options(self, name: str) -> list[str]:
        """Return the values that a select offers."""
        return _each(self._select(name).select("option"), "value")

    def chosen(self, name: str) -> str:
        """Return the value that a select marks as selected, which is more than to stand first."""
        marked = self._select(name).select("option[selected]")
        return str(_one(marked, f"choice of {name}", self.options(name))["value"])

    @property
    def alerts(self) -> list[str]:
        """Return the words of all that is announced as wrong."""
        return list(_words(self.all('[role="alert"]')))

    @property
    def faults(self) -> dict[str, str]:
        """Map the ids of all faulty fields to what is said beside them."""
        ids = _each(self.all('[id$="-wrong"]'), "id")
        return {each: self.wrong(each) for each in (every.removesuffix("-wrong") for every in ids)}

    def wrong(self, its_id: str) -> str:
        """Return what is said beside a faulty field: an alert that the field, marked as invalid, points to."""
        alert = self.element(f"{its_id}-wrong")
        assert alert.get("role") == "alert", alert
        field = self.element(its_id)
        assert alert["id"] in str(field.get("aria-describedby")).split(), field
        # A group of checkboxes says it of each: a group without a role cannot be invalid.
        is_group = field.name == "fieldset" and "role" not in field.attrs
        marked = field.select("input") if is_group else [field]
        assert {each.get("aria-invalid") for each in marked} == {"true"}, field
        said = Page(alert).text
        assert said, alert
        return said

    def _select(self, name: str) -> Tag:
        wanted = self.all(f'select[name="{name}"]')
        return _one(wanted, f"select {name}", _each(self.all("select[name]"), "name"))

    def _sent(self) -> Iterator[tuple[str, str]]:
        for each in self.all("input[name], textarea[name], select[name]"):
            name, kind = str(each["name"]), each.get("type")
            if each.name == "textarea":
                # A line break that follows the tag is not part of the value.
                yield name, each.get_text().removeprefix("\n")
            elif each.name == "select":
                marked = each.select("option[selected]") or each.select("option")
                yield from ((name, str(option["value"])) for option in marked[:1])
            elif kind != "file" and (kind not in {"checkbox", "radio"} or "checked" in each.attrs):
                yield name, str(each.get("value", ""))


def _names(section: Tag) -> set[str]:
    labels = (section.get("aria-label"), section.get("aria-labelledby"), *_words(section.select("h2")[:1]))
    return {str(each) for each in labels if each}


def _each(tags: Iterable[Tag], attribute: str) -> list[str]:
    return [str(each[attribute]) for each in tags]


def _words(tags: Iterable[Tag]) -> Iterator[str]:
    return (Page(each).text for each in tags)


def _one(found: Sequence[Tag], wanted: str, there: Iterable[str]) -> Tag:
    assert len(found) == 1, f"{wanted}: found {len(found)} times, there are {sorted(set(there))}"
    return found[0]
