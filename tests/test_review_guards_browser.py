"""The label's list in a browser, by key, mouse and finger; and that a page which nobody looks at says nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from test_review_browser import LABELS, Queue, browser, open_page, press, queue, shared, shown_sample

__all__ = ["browser", "open_page", "queue", "shared"]  # fixtures


def relabelled(queue: Queue, name: str) -> list[str]:
    return [row["payload"]["label"] for row in queue.decisions() if row["sample_id"] == name]


def other_label(page: Any) -> str:
    own = page.locator("#label").input_value()
    return next(label for label in LABELS if label != own)


def test_a_label_is_chosen_by_keyboard(queue: Queue, open_page: Callable[..., Any]) -> None:
    page = open_page(queue.server, f"{queue.path}/next")
    name, wanted = shown_sample(page), other_label(page)
    page.keyboard.press("r")
    assert page.evaluate("() => document.activeElement.id") == "label"
    for letter in wanted[:3]:
        page.keyboard.press(letter)  # typed in the list, no shortcut
    assert page.locator("#label").input_value() == wanted
    assert shown_sample(page) == name
    press(page, "Enter")
    assert relabelled(queue, name) == [wanted]


def test_a_choice_in_the_open_list_decides_nothing_yet(queue: Queue, open_page: Callable[..., Any]) -> None:
    page = open_page(queue.server, f"{queue.path}/next")
    name = shown_sample(page)
    page.keyboard.press("r")
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert shown_sample(page) == name
    assert queue.decisions() == []
    wanted = page.locator("#label").input_value()
    press(page, "Enter")
    assert relabelled(queue, name) == [wanted]


@pytest.mark.parametrize(
    "options", [{}, {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 800}}]
)
def test_a_label_is_chosen_by_mouse_and_by_finger(
    queue: Queue, open_page: Callable[..., Any], options: dict[str, Any]
) -> None:
    page = open_page(queue.server, f"{queue.path}/next", **options)
    name, wanted = shown_sample(page), other_label(page)
    page.locator("#label").select_option(wanted)
    save = page.locator('[data-save="label"]')
    before = page.url
    save.tap() if options else save.click()
    page.wait_for_function("url => location.href !== url", arg=before)
    assert relabelled(queue, name) == [wanted]


def test_a_page_that_nobody_uses_gives_no_sign_of_life(queue: Queue, open_page: Callable[..., Any]) -> None:
    """Its session ends then, as idle: what the page itself sends is no activity."""
    page = open_page(queue.server, "/")
    page.clock.install()
    page.goto(f"{queue.path}/next")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/draft") else None)

    def signs(minutes: int) -> int:
        before = len(sent)
        for _ in range(minutes):
            page.clock.run_for(60_000)
        page.wait_for_timeout(200)
        return len(sent) - before

    assert signs(10) == 0
    for use in (
        lambda: page.mouse.move(50, 60),
        lambda: page.keyboard.press("Shift"),
        lambda: page.mouse.wheel(0, 40),
    ):
        use()
        assert signs(3) == 1
        assert signs(4) == 0
