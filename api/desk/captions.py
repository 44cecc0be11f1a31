"""What a list says of a matter beside its number: what it is about, where, and what makes it an exception."""

from collections.abc import Collection
from dataclasses import dataclass

from api.acts.seeing import titles_of
from api.pages.rendering import texts, word
from domain.duty.words import KIND as DUTY
from domain.kinds import kind_of
from domain.office.directory import Directory
from domain.office.words import OrderClass
from domain.order.words import KIND as ORDER
from store.database import Connection
from store.order.finding import OrderInList, listed


@dataclass(frozen=True, kw_only=True, slots=True)
class Caption:
    """The words of a row; `marks` are pairs of a style and a word."""

    title: str
    about: str = ""
    marks: tuple[tuple[str, str], ...] = ()


def captions_of(
    connection: Connection, matter_nos: Collection[str], directory: Directory
) -> dict[str, Caption]:
    """Map each matter to its caption, with one statement per kind among them."""
    orders = {number for number in matter_nos if kind_of(number).name == ORDER}
    duties = {number for number in matter_nos if kind_of(number).name == DUTY}
    titles = titles_of(connection, duties, directory)
    return {number: Caption(title=title) for number, title in titles.items()} | {
        number: _of_order(each, directory)
        for number, each in (listed(connection, orders) if orders else {}).items()
    }


def _of_order(order: OrderInList, directory: Directory) -> Caption:
    community = directory.units.get(order.community or "")
    category = directory.categories.get(order.category or "")
    about = (
        community.name if community else "",
        category.label if category else "",
        word(order.channel, "channels"),
    )
    words = texts()["marks"]
    marks = (
        ("overdue", words["urgent"] if order.order_class == OrderClass.URGENT else ""),
        ("plain", words["confidential"] if order.confidential else ""),
        ("warning", words["urged"].format(count=order.urged) if order.urged else ""),
    )
    return Caption(
        title=order.subject,
        about=" · ".join(filter(None, about)),
        marks=tuple(each for each in marks if each[1]),
    )
