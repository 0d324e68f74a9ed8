"""Archives: each file in one is a part of the document; what is hostile in them stays within the limits."""

import io
import zipfile

import pytest

from tasks.ingest.contract import ReadOptions, UnreadableError
from tasks.ingest.readers.archive import read_archive

ANY = ReadOptions()


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return target.getvalue()


def check_of(content: bytes, options: ReadOptions = ANY) -> str:
    with pytest.raises(UnreadableError) as caught:
        read_archive(content, options)
    return caught.value.check


def test_each_file_is_a_part() -> None:
    content = read_archive(
        archive(
            {
                "規程/休暇.md": "# 休暇\n\n前日までに申請する。".encode(),
                "notes.txt": b"The pump is quiet.",
                "table.csv": "名前,値\n甲,1\n".encode("cp932"),
            }
        ),
        ANY,
    )
    said = {block.part: [] for block in content.blocks}
    for block in content.blocks:
        said[block.part].append(block.text)
    assert said["規程/休暇.md"] == ["# 休暇", "前日までに申請する。"]
    assert said["notes.txt"] == ["The pump is quiet."]
    assert "甲" in "".join(said["table.csv"])
    assert list(content.problems) == []


def test_names_of_japanese_windows_are_read() -> None:
    content = bytearray(archive({"XXXXXXXX.txt": b"text"}, zipfile.ZIP_STORED))
    named = bytes(content).replace(b"XXXXXXXX", "議事録一".encode("cp932"))
    assert [block.part for block in read_archive(named, ANY).blocks] == ["議事録一.txt"]


def test_what_cannot_be_read_is_told_and_the_rest_is_read() -> None:
    content = read_archive(
        archive(
            {
                "good.md": b"Good.",
                "inner.zip": archive({"a.md": b"hidden"}),
                "tool.exe": b"MZ",
                "broken.docx": b"PK\x03\x04 no more",
                "empty.txt": b"",
                "__MACOSX/._good.md": b"\x00",
                ".DS_Store": b"\x00",
            }
        ),
        ANY,
    )
    assert [block.text for block in content.blocks] == ["Good."]
    told = {problem.reason.split(" ")[0]: problem.check for problem in content.problems}
    assert told == {
        "inner.zip": "unsupported",
        "tool.exe": "unsupported",
        "broken.docx": "corrupt",
        "empty.txt": "empty",
    }


def test_a_path_that_climbs_is_only_a_name() -> None:
    content = read_archive(archive({"../../etc/notes.md": b"climbs"}), ANY)
    assert [block.part for block in content.blocks] == ["../../etc/notes.md"]


def test_bombs_stay_within_the_limits() -> None:
    bomb = archive({f"{i}.txt": b"a" * 1_000_000 for i in range(20)})
    assert check_of(bomb, ReadOptions(max_unpacked_bytes=5_000_000)) == "too_large"
    assert (
        check_of(archive({f"{i}.txt": b"x" for i in range(20)}), ReadOptions(max_pages=10))
        == "too_many_pages"
    )


def test_archives_that_give_nothing_say_why() -> None:
    assert check_of(b"") == "empty"
    assert check_of(b"PK\x03\x04") == "corrupt"
    assert check_of(archive({})) == "empty"
    assert check_of(archive({"a.exe": b"MZ"})) == "unsupported"


def test_a_damaged_archive_gives_text_or_says_why() -> None:
    whole = archive({"a.md": b"# One\n\ntwo three", "b.csv": b"x,y\n1,2\n"})
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        try:
            assert read_archive(bytes(damaged), ANY).blocks
        except UnreadableError as error:
            assert error.check in ("corrupt", "empty", "unsupported", "too_large", "encrypted", "undecodable")  # noqa: PT017
