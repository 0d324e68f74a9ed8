"""Recipes: what is accepted, and that each refusal names field, value and what would do."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.errors import ExitCode, RecipeError
from tasks.recipe import QualitySettings, load_recipe, recipe_schema

ROOT = Path(__file__).parent.parent
GOOD = "name: x\ntask: text-classification\nsources: [{path: a.csv}]\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("examples/**/*.yaml")), ids=lambda p: p.parent.name + p.stem
)
def test_every_shipped_recipe_is_valid(path: Path) -> None:
    assert load_recipe(path).sources


def test_schema_file_is_what_the_code_exports() -> None:
    path = ROOT / "deployments" / "recipe.schema.json"
    assert path.read_text(encoding="utf-8") == recipe_schema(), (
        "write it anew: python -c 'from tasks.recipe import recipe_schema; print(recipe_schema(), end=\"\")' "
        "> deployments/recipe.schema.json"
    )


def test_every_field_is_described() -> None:
    import json

    schema = json.loads(recipe_schema())
    models = [schema, *schema["$defs"].values()]
    bare = [
        f"{model['title']}.{name}"
        for model in models
        for name, field in model.get("properties", {}).items()
        if "description" not in field and "$ref" not in field and "default" not in field
    ]
    assert bare == ["Recipe.sources"], "fields without a description"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "trian: {}\n", "trian: unknown key; did you mean 'train'?"),
        (GOOD + "train: {epohcs: 1}\n", "train.epohcs: unknown key; did you mean 'epochs'?"),
        (GOOD + "train: {rank: 0}\n", "train.rank: Input should be greater than or equal to 1 (got 0)"),
        ("name: x\ntask: text-classification\n", "sources: is required"),
        (GOOD.replace("a.csv}", "a.csv, rol: train}"), "sources.0.rol: unknown key; did you mean 'role'?"),
        (GOOD + "labels: [a]\n", "labels must be two or more"),
        (GOOD + "split: {validation: 0.4, gate: 0.6}\n", "validation=0.4 and gate=0.6"),
        (GOOD + "base_model: {source: 'path:x', revision: abc}\n", "revision='abc' goes with a hub id"),
        (GOOD + "passages: {min_characters: 900, max_characters: 500}\n", "min_characters=900 must be below"),
        (GOOD.replace("a.csv}", "a.csv, role: evaluation}"), "at least one with role 'train'"),
        ("- a\n- b\n", "must be a mapping of settings, got list"),
        ("a: [", "is not YAML"),
    ],
)
def test_refusals_name_field_and_value(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe(write(tmp_path, text))
    assert said in str(error.value)
    assert error.value.exit_code is ExitCode.BAD_RECIPE


def test_a_policy_names_checks_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe(
            write(tmp_path, GOOD + "policy: {near_dupliacte: drop, toxic: drop, decision_keep: drop}\n")
        )
    assert "policy.near_dupliacte: no such check; did you mean 'near_duplicate'?" in str(error.value)
    assert "policy.decision_keep: no such check" in str(error.value)
    assert "toxic:" not in str(error.value)


def test_a_policy_may_name_the_checks_of_the_recipes_own_suites(tmp_path: Path) -> None:
    suite = tmp_path / "mine.yaml"
    suite.write_text(
        "boundary: samples\nexpectations:\n"
        "  - {type: expect_column_values_to_match_regex, kwargs: {column: input, regex: a}, meta: {check: polite}}\n"
        "  - {type: expect_column_values_to_not_be_null, kwargs: {column: input}}\n"
    )
    own = GOOD + "quality: {suites: [mine.yaml]}\n"
    recipe = load_recipe(
        write(tmp_path, own + "policy: {polite: drop, column_values_to_not_be_null: drop}\n")
    )
    assert set(recipe.policy) == {"polite", "column_values_to_not_be_null"}
    with pytest.raises(RecipeError, match=r"policy\.polte: no such check; did you mean .polite."):
        load_recipe(write(tmp_path, own + "policy: {polte: drop}\n"))


def test_every_check_that_settles_rows_may_be_named() -> None:
    """What a policy may name are the checks that are put into words, and every check of the pipeline is."""
    import re

    from expectations.suite_file import read_suite
    from expectations.suites import FOLDER
    from tasks.judge import DEFAULT_POLICY
    from tasks.recipe import PERSONAL_CHECKS
    from tasks.wording import CHECKS

    root = Path(__file__).parents[1]
    made = {entry.check for path in FOLDER.glob("*.yaml") for entry in read_suite(path).expectations}
    for path in (root / "tasks").rglob("*.py"):
        made |= set(re.findall(r'(?:check=|"check": )"([a-z_]+)"', path.read_text(encoding="utf-8")))
    of_the_whole = {"missing_column", "group_straddles_splits", "sample_in_two_splits"}
    assert made | set(DEFAULT_POLICY) | set(PERSONAL_CHECKS) <= CHECKS.keys() | of_the_whole


def test_missing_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="No such file"):
        load_recipe(tmp_path / "none.yaml")


def test_paths_are_relative_to_the_recipe(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, GOOD + "base_model: {source: 'path:model'}\n"))
    assert recipe.sources[0].path == str(tmp_path / "a.csv")
    assert recipe.workspace == str(tmp_path / ".seimai")
    assert recipe.base_model.source == f"path:{tmp_path / 'model'}"


def test_languages_are_codes_and_stand_without_region() -> None:
    assert QualitySettings(languages=("ja-JP", "EN")).languages == ("ja", "en")
    with pytest.raises(ValidationError, match="'JP' is no language code; did you mean 'ja'"):
        QualitySettings(languages=("JP",))
