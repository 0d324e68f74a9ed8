"""The page's two languages: each string of the templates is in the catalogue, and nothing else is."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import Environment

import review
from review.render import _environment
from review.words import choose_language, translations

FOLDER = Path(review.__file__).parent


NAMED = re.compile(r"\{(\w+)")


def used_strings() -> set[str]:
    """What the templates and the code say."""
    options = {"**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
    found = [*extract_from_dir(FOLDER / "templates", [("**.html", "jinja2")], options, {"_": None})]
    found += extract_from_dir(FOLDER, [("*.py", "python")], keywords={"tell": None, "refuse": (2,)})
    return {str(message) for _, _, message, _, _ in found}


def test_both_languages_have_every_string() -> None:
    with (FOLDER / "locale" / "ja.po").open("rb") as file:
        catalogue = read_po(file, locale="ja")
    translated = {str(m.id) for m in catalogue if m.id and m.string and not m.fuzzy}
    assert used_strings() == translated


def test_japanese_is_japanese_and_placeholders_survive() -> None:
    for string in used_strings():
        said = translations("ja").gettext(string)
        assert said != string or string in ("",), string
        assert said.count("%") == string.count("%"), string
        assert sorted(NAMED.findall(said)) == sorted(NAMED.findall(string)), string


def test_english_is_what_the_templates_say() -> None:
    assert translations("en").gettext("Queues") == "Queues"


def test_a_language_is_chosen_by_wish_then_by_browser() -> None:
    assert choose_language("ja", "en") == "ja"
    assert choose_language("fr", "fr,ja;q=0.8") == "ja"
    assert choose_language(None, "JA-jp") == "ja"
    assert choose_language(None, "de") == "en"


def test_constants_are_said_as_jinja_says_them() -> None:
    source = '{{ _("A share") }} {{ _("5 %% of <all>") }} {{ {"a": _("Queues")}["a"] }} {{ _("%(n)s left", n="<3>") }}'
    said = _environment("ja").from_string(source).render()
    assert said == "A share 5 % of <all> キュー &lt;3&gt; left"
    slow = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    slow.install_gettext_translations(translations("ja"), newstyle=True)  # type: ignore[attr-defined]
    assert slow.from_string(source).render() == said
