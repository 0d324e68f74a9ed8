"""`seimai init`: a recipe and a little data to edit."""

import json
from pathlib import Path

from tasks.errors import SeimaiError

RECIPE = """\
# A recipe: what to tune, on what, and how the result is judged.
# `seimai check recipe.yaml` explains it, `seimai run recipe.yaml` runs it.
name: my-model                   # lower-case letters, digits, hyphens: the name in the registry
task: text-classification        # or text-generation (question and answer), language-modeling (documents)

instruction: Is the message a question or a complaint?   # system message of every prompt

sources:
  - path: data/train.jsonl       # a file, a folder, a glob, or an fsspec URL
    columns: {text: text, label: label}
  # - path: data/evaluation.jsonl
  #   role: evaluation           # never trained on: judges the model in place of a share of the rows above

# labels: [complaint, question]  # declare them to have others flagged

quality:
  min_samples: 20                # fewer training rows stop the run
  max_characters: 2000           # longer rows are quarantined
  suites: [suite.yaml]           # what must hold of your data, in your own words

split:
  validation: 0.15               # stops training early
  gate: 0.25                     # judges, and is never looked at before

train:
  layers: 6                      # adapt only the last 6 blocks: quick on a CPU; leave out for all
  epochs: 2
  learning_rate: 1.0e-3

gates:
  min_gain: 0.05                 # better than the base by more than this
  champion_margin: 0.05          # worse than the champion by less than this
"""

SUITE = """\
# A suite: what must hold of the data, as Great Expectations writes it. `seimai check recipe.yaml` tries it out and
# names the nearest expectation, argument or column where one is wrong.
# All expectations: https://greatexpectations.io/expectations
boundary: samples                # or documents (files as they were read), snapshot (right before training)

expectations:
  - type: expect_column_values_to_not_match_regex
    kwargs: {column: input, regex: 'https?://', mostly: 0.9}   # more than 1 row in 10: the expectation fails
    severity: warning            # of that failure: critical stops the run, warning and info are reported
    meta:
      check: link_in_message     # name of the finding; a recipe may say what follows: policy: {link_in_message: drop}
      severity: info             # of the finding of each row: critical puts it into quarantine
      reason: "a link, and nothing that a model could answer: {value}"

  # - type: expect_column_value_lengths_to_be_between          # Japanese says the same in fewer characters:
  #   kwargs: {column: input, min_value: 5, mostly: 0.95}      # write one for each language
  #   meta: {check: too_terse, languages: [ja], reason: "hardly a message: {value}"}

  # - type: expect_column_distinct_values_to_contain_set       # about the whole: no row is to blame
  #   kwargs: {column: label, value_set: [complaint, question]}
  #   severity: critical
  #   meta: {check: label_missing, rows: train}                # rows: all (if left out), train, none (columns alone)

# Columns of samples: row, sample_id, task, role, label, input, target, language, source, source_id, doc_id, uri, line,
# page, section, start, end, document, support, builder, date, license, owner, group_id, and beside them
# input_characters, target_characters, characters, prompt_messages, completion_messages, annotated_labels.
"""

MESSAGES = [
    ("complaint", "The parcel arrived open and half the screws are missing."),
    ("question", "Do you ship to Okinawa?"),
    ("complaint", "I have been on hold for forty minutes, this is a joke."),
    ("question", "Which filter fits the older model?"),
    ("complaint", "Your app logs me out every single day."),
    ("question", "Can I pay by bank transfer?"),
    ("complaint", "Third delivery in a row that came late."),
    ("question", "How long does the battery last on a full charge?"),
    ("complaint", "The lid cracked after one week."),
    ("question", "Is there a manual in English?"),
    ("complaint", "Nobody answered my last two mails."),
    ("question", "What is the difference between the S and the M size?"),
    ("complaint", "箱がつぶれていて、中身にも傷がありました。"),
    ("question", "領収書はどこで発行できますか。"),
    ("complaint", "電話が全然つながらないのですが。"),
    ("question", "日曜日でも配達してもらえますか。"),
    ("complaint", "一週間で壊れました。がっかりです。"),
    ("question", "替えのフィルターは何枚入りですか。"),
    ("complaint", "説明書が入っていませんでした。"),
    ("question", "支払い方法を後から変えられますか。"),
    ("complaint", "また違う色が届いた。これで二回目です。"),
    ("question", "ギフト包装はできますか。"),
    ("complaint", "音がうるさくて夜は使えません。"),
    ("question", "保証は何年ですか。"),
    ("complaint", "The refund you promised in May is still not here."),
    ("question", "Could I change the delivery address tomorrow?"),
    ("complaint", "It smells of burnt plastic and support tells me to wait."),
    ("question", "Do I need to register to get the warranty?"),
    ("complaint", "Rude driver, threw the box over the fence."),
    ("question", "When will the white one be back in stock?"),
    ("complaint", "設定のたびに固まるアプリ、直してください。"),
    ("question", "分割払いの手数料はいくらですか。"),
    ("complaint", "予約した時間に誰も来ませんでした。"),
    ("question", "古い製品の引き取りもお願いできますか。"),
    ("complaint", "Paid for express, got it after eight days."),
    ("question", "Does it work with a 5 GHz network?"),
]


def write_starter(folder: Path) -> str:
    """Writes recipe.yaml, suite.yaml and data/train.jsonl; returns what to do next.

    Raises:
        SeimaiError: the folder already holds files; nothing is overwritten.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SeimaiError(f"{folder} is there already and not empty: name a new folder")
    (folder / "data").mkdir(parents=True)
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for label, text in MESSAGES]
    (folder / "data" / "train.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    (folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
    return f"wrote {folder}/recipe.yaml, suite.yaml and data/train.jsonl; next: seimai check {folder}/recipe.yaml"
