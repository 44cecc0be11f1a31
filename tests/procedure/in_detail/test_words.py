"""The words that reach a resident: only the texts that staff wrote for them."""

from store.database import Store
from tests.support.stories.joined import Post, delivered, placed
from tests.support.stories.stored_story import StoredStory


def told(order: StoredStory) -> list[tuple[str, str]]:
    """Send the waiting messages, and return template and words of those to the resident."""
    post = Post()
    delivered(order, post)
    return [(each.template, each.words) for each in post.sent if each.recipient == "requester"]


class TestATextOfStaff:
    def test_for_the_unit_above_never_reaches_the_resident(self, store: Store) -> None:
        order = placed(store, "000-0001")
        order.decide_task("first_contact", "refer", text="对方是老上访户，注意方式")
        order.decide_task("classify", "general", unit="street-urban-management")
        order.decide_task("acknowledge", "accept")
        order.decide_task("handle", "hand_up", text="已请区里一起办理")
        said = " ".join(text for _, text in told(order))
        assert "已请区里一起办理" in said
        assert "注意方式" not in said
