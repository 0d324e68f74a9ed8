"""The settings by which commands mask what they print of samples."""

from tasks.ledger import Ledger
from tasks.ledger.desk import Desk
from tasks.privacy import Masker
from tasks.recipe import PrivacySettings


def masker_of(ledger: Ledger, recipe: str) -> Masker:
    """By the recipe's settings at its last run; by the default ones where the ledger does not know them."""
    facts = Desk(ledger).facts().get(recipe, {})
    return Masker(PrivacySettings.model_validate(facts.get("privacy", {})))
