"""The zip containers of documents (docx, pptx, xlsx, odt, epub), by the standard library's zipfile.

What they unpack to is held against the limits before and while it is unpacked; `package_xml` reads their XML.
"""

import copy
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence

from tasks.ingest.contract import Block, ReadOptions, UnreadableError

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_MEMBERS = 20_000
_CHUNK = 1 << 20
_ENCRYPTED_STREAMS = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,  # zipfile lets seek errors and broken bzip2 out
    EOFError,
    ValueError,  # offsets and names that make no sense
    RuntimeError,  # members that need a password
    NotImplementedError,
)


class Package(zipfile.ZipFile):
    """An open container that counts the bytes unpacked from it."""

    unpacked = 0


def open_package(content: bytes, options: ReadOptions) -> Package:
    """Opens a container whose members, by their declared sizes, stay within the limits.

    Raises:
        UnreadableError: empty; encrypted; unsupported, for Office files of before 2007; too_large; corrupt.
    """
    if not content:
        raise UnreadableError("empty", "the file is empty")
    if content.startswith(OLE_MAGIC):
        if is_encrypted_office(content):
            raise UnreadableError("encrypted", "an Office file protected by a password")
        raise UnreadableError("unsupported", "a binary Office file of before 2007 (OLE)")
    try:
        package = Package(io.BytesIO(content))
    except _ZIP_ERRORS as error:
        raise UnreadableError("corrupt", f"not a zip container: {error}") from error
    members = package.infolist()
    if len(members) > _MAX_MEMBERS:
        raise UnreadableError("too_large", f"{len(members)} members, more than {_MAX_MEMBERS}")
    declared = sum(member.file_size for member in members)
    if declared > options.max_unpacked_bytes:
        raise _too_large(declared, options)
    if members and all(member.flag_bits & 1 for member in members if not member.is_dir()):
        raise UnreadableError("encrypted", "a zip container protected by a password")
    return package


def is_encrypted_office(content: bytes) -> bool:
    """Whether an OLE file wraps an encrypted package: its directory then names the encrypted stream."""
    return content.startswith(OLE_MAGIC) and any(name in content for name in _ENCRYPTED_STREAMS)


def read_member(package: Package, name: str, options: ReadOptions) -> bytes:
    """The bytes of one member, counted while they are unpacked.

    Raises:
        UnreadableError: corrupt, also where there is no such member; too_large; encrypted.
    """
    return b"".join(unpack_member(package, name, options))


def unpack_member(package: Package, name: str, options: ReadOptions) -> Iterator[bytes]:
    """Chunks of one member to the true end of its data: zipfile stops where the declared size says."""
    try:
        member = copy.copy(package.getinfo(name))
    except KeyError as error:
        raise UnreadableError("corrupt", f"the container has no {name}") from error
    if member.flag_bits & 1:
        raise UnreadableError("encrypted", f"{name} is protected by a password")
    before = package.unpacked
    member.file_size = options.max_unpacked_bytes - before + 2 * _CHUNK
    unpacked = 0
    try:
        with package.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                unpacked += len(chunk)
                if before + unpacked > options.max_unpacked_bytes:
                    raise _too_large(before + unpacked, options)
                yield chunk
    except UnreadableError:
        raise
    except _ZIP_ERRORS as error:
        raise UnreadableError("corrupt", f"{name} does not unpack: {error}") from error
    package.unpacked += unpacked


def check_sizes(package: Package, options: ReadOptions) -> None:
    """Unpacks every member once, keeping nothing: for libraries that trust whatever a container declares.

    Raises:
        UnreadableError: corrupt; too_large; encrypted.
    """
    for name in package.namelist():
        for _ in unpack_member(package, name, options):
            pass


def check_has_text(package: Package, blocks: Sequence[Block]) -> None:
    """Raises UnreadableError: image_only, for a document of pictures without a word."""
    pictures = [name for name in package.namelist() if "/media/" in name or name.startswith("Pictures/")]
    if pictures and not any(block.text.strip() for block in blocks):
        raise UnreadableError("image_only", f"no text, but {len(pictures)} picture(s)")


def _too_large(size: int, options: ReadOptions) -> UnreadableError:
    return UnreadableError(
        "too_large", f"unpacks to {size} bytes or more; the limit is {options.max_unpacked_bytes}"
    )
