"""One backup as a file: a tar with the database, the files, and a signed list of both at its end.

The list (`manifest.json`) comes last, so that what was cut off has none. It is signed with the ledger's key, under a name of its
own (`manifest.sig`): whoever changes a file and the list after it is found out. With BACKUP_KEY the whole tar is encrypted in the
age format; see docs/decisions.
"""

import datetime
import hashlib
import hmac
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from .. import chain
from .problems import Unfit
from .workroom import on_disk

FORMAT = 1  # of the manifest; a reader of later formats still has to read this one
PRODUCT = "mashan-edu"
MANIFEST, SIGNATURE, MEDIA = "manifest.json", "manifest.sig", "media/"
SIGNED = (
    "mashan-edu backup manifest|"  # before the text that is signed: no act of the ledger can be passed off as a list
)
ENCRYPTED = b"age-encryption.org/"
CHUNK = 1024 * 1024  # bytes
MOST_LIST = 256 * 1024 * 1024  # bytes of a manifest that is read at all


@dataclass(frozen=True)
class Part:
    name: str
    size: int
    sha256: str


class Hashing:
    """A file that remembers the digest of what was read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.sum.update(block)
        return block


def write(path: Path, sources: Iterable[tuple[str, Path]], manifest: dict, taken_at: datetime.datetime) -> None:
    """The parts in this order, then the list of them with what `manifest` says. Raises OSError."""
    parts = []
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, source in sources:
            with open(source, "rb") as file:
                info = _info(name, source.stat().st_size, taken_at)
                hashing = Hashing(file)
                tar.addfile(info, hashing)
            parts.append({"name": name, "size": info.size, "sha256": hashing.sum.hexdigest()})
        text = chain.canonical(manifest | {"format": FORMAT, "product": PRODUCT, "parts": parts}).encode()
        for name, content in ((MANIFEST, text), (SIGNATURE, _signature(text))):
            if content:
                tar.addfile(_info(name, len(content), taken_at), io.BytesIO(content))
    path.chmod(0o600)
    on_disk(path)


def _info(name: str, size: int, taken_at: datetime.datetime) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(taken_at.timestamp())
    return info


def _signature(text: bytes) -> bytes:
    """Nothing where the installation has no key to sign with."""
    return _signed_by(chain.current_key(), text) if settings.LEDGER_KEY else b""


def _signed_by(key: chain.Key, text: bytes) -> bytes:
    content = {"algorithm": chain.ALGORITHM, "key": key.id, "signature": chain.sign(SIGNED + text.decode(), key)}
    return chain.canonical(content).encode()


class Archive:
    """A backup that can be read: whole, of a form that is known, its list signed, its parts those of the list. Raises Unfit."""

    def __init__(self, path: Path, work: Path, *, unsigned: bool = False) -> None:
        self.path = path
        self.file = open(_plain(path, work), "rb")  # noqa: SIM115 - closed by close()
        try:
            self._read(unsigned)
        except BaseException:
            self.close()
            raise

    def _read(self, unsigned: bool) -> None:
        path = self.path
        try:
            self.tar = tarfile.open(fileobj=self.file, mode="r:")  # noqa: SIM115 - holds nothing open of its own
            members = self.tar.getmembers()
        except (tarfile.TarError, EOFError, ValueError, UnicodeError):
            raise Unfit(f"{path.name} 不完整或已损坏，不能使用：请换另一份备份") from None
        except OSError as problem:
            raise Unfit(f"读不了 {path}（{problem.strerror}）") from None
        self.members = {member.name: member for member in members}
        if len(self.members) != len(members) or not all(member.isreg() for member in members):
            raise Unfit(f"{path.name} 里有不该有的内容，可能被人改动过，不能使用")
        if MANIFEST not in self.members:
            raise Unfit(f"{path.name} 不完整：没有清单，可能是没写完或被截断了。请换另一份备份")
        text = self._bytes(MANIFEST)
        self.signer_known = self._check_signature(text, unsigned)
        self.manifest = self._read_manifest(text)
        self._check_parts()

    def close(self) -> None:
        self.file.close()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    @property
    def taken_at(self) -> datetime.datetime:
        return datetime.datetime.fromisoformat(self.manifest["taken_at"])

    @property
    def media(self) -> dict[str, Part]:
        """The files by their names below MEDIA_ROOT."""
        return {name.removeprefix(MEDIA): part for name, part in self.parts.items() if name.startswith(MEDIA)}

    def _bytes(self, name: str) -> bytes:
        member = self.members[name]
        if member.size > MOST_LIST:
            raise Unfit(f"{self.path.name} 的清单大得不正常，不能使用")
        try:
            return self.tar.extractfile(member).read()
        except (tarfile.TarError, OSError, EOFError):
            raise Unfit(f"{self.path.name} 不完整或已损坏，不能使用：请换另一份备份") from None

    def _check_signature(self, text: bytes, unsigned: bool) -> bool:
        """Whether the key that signed is here; without it, and told so, neither this nor the ledger can be checked."""
        name = self.path.name
        if SIGNATURE not in self.members:
            if unsigned:
                return True
            raise Unfit(
                f"{name} 的清单没有签名，无法知道它有没有被改动过。确知来历的（做备份时没有设置 LEDGER_KEY），请加 --unsigned"
            )
        try:
            signature = self._bytes(SIGNATURE)
            key = chain.known_keys().get(json.loads(signature)["key"])
            good = key is not None and hmac.compare_digest(_signed_by(key, text), signature)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Unfit(f"{name} 的签名读不出来，可能被人改动过，不能使用") from None
        if key is None and not unsigned:
            raise Unfit(
                f"{name} 是用另一个 LEDGER_KEY 签名的：请在 .env 里写上做备份时的 LEDGER_KEY（或写进 LEDGER_OLD_KEYS）。"
                "那个密钥已经丢失、而备份的来历可靠的，请加 --unsigned"
            )
        if key is not None and not good:
            raise Unfit(f"{name} 的清单与签名不符：备份被人改动过，不能使用")
        return key is not None

    def _read_manifest(self, text: bytes) -> dict:
        try:
            found = json.loads(text)
            if found["product"] != PRODUCT:
                raise KeyError(found["product"])
            if found["format"] > FORMAT:
                raise Unfit(f"{self.path.name} 是更新版本的平台做的备份，请先升级平台再恢复")
            self.parts = {part["name"]: Part(**part) for part in found["parts"]}
            datetime.datetime.fromisoformat(found["taken_at"])
        except (ValueError, KeyError, TypeError):
            raise Unfit(f"{self.path.name} 的清单读不懂，不是本平台的备份或已损坏") from None
        return found

    def _check_parts(self) -> None:
        there = set(self.members) - {MANIFEST, SIGNATURE}
        if lacking := sorted(set(self.parts) - there):
            raise Unfit(f"{self.path.name} 不完整：缺 {len(lacking)} 个文件，如 {lacking[0]}")
        if too_many := sorted(there - set(self.parts)):
            raise Unfit(f"{self.path.name} 里多出 {len(too_many)} 个清单上没有的文件，可能被人改动过")
        for name, part in self.parts.items():
            words = Path(name).parts
            if ".." in words or Path(name).is_absolute() or "\\" in name or self.members[name].size != part.size:
                raise Unfit(f"{self.path.name} 里的 {name} 与清单不符，可能被人改动过")

    def take_out(self, name: str, to: Path | None) -> None:
        """One part to a file for the owner alone, or only read to its end; its digest must be that of the list. Raises
        Unfit, and OSError where it cannot be written."""
        sum_, part = hashlib.sha256(), self.parts[name]
        try:
            for block in self._blocks(name, to):
                sum_.update(block)
        except (tarfile.TarError, EOFError):
            raise Unfit(f"{self.path.name} 不完整或已损坏，读不出 {name}：请换另一份备份") from None
        if sum_.hexdigest() != part.sha256:
            raise Unfit(f"{self.path.name} 里的 {name} 与清单上的摘要不符：备份已损坏或被改动过，不能使用")

    def _blocks(self, name: str, to: Path | None) -> Iterator[bytes]:
        stored = self.tar.extractfile(self.members[name])
        blocks = iter(lambda: stored.read(CHUNK), b"")
        if to is None:
            yield from blocks
            return
        with open(to, "xb") as file:
            to.chmod(0o600)
            for block in blocks:
                file.write(block)
                yield block


# --- encryption ----------------------------------------------------------------------------------------


def new_key() -> str:
    """A key for BACKUP_KEY, made at random."""
    return str(_age().x25519.Identity.generate())


def encrypt(plain: Path, to: Path) -> None:
    key = _key()

    def through(source: BinaryIO, target: BinaryIO) -> None:
        _age().encrypt_io(source, target, [key.to_public()])

    _convert(plain, to, through)


def _plain(path: Path, work: Path) -> Path:
    """The file itself, or decrypted into `work`."""
    try:
        with open(path, "rb") as file:
            head = file.read(512)
    except OSError as problem:
        raise Unfit(f"读不了 {path}（{problem.strerror}）：请检查文件名") from None
    if not head:
        raise Unfit(f"{path.name} 是空文件，不能使用：请换另一份备份")
    if not head.startswith(ENCRYPTED):
        if head[257:262] != b"ustar":
            raise Unfit(f"{path.name} 不是本平台的备份，或已损坏")
        return path
    if not settings.BACKUP_KEY:
        raise Unfit(f"{path.name} 是加密的备份：请在 .env 里写上做备份时的 BACKUP_KEY")
    key, plain = _key(), work / "decrypted.tar"
    plain.unlink(missing_ok=True)

    def through(source: BinaryIO, target: BinaryIO) -> None:
        try:
            _age().decrypt_io(source, target, [key])
        except _age().DecryptError:
            raise Unfit(f"{path.name} 是用另一个 BACKUP_KEY 加密的：请写上做备份时的 BACKUP_KEY") from None
        except OSError as problem:
            if problem.errno:  # the disk's and not the cipher's
                raise
            raise Unfit(f"{path.name} 不完整、已损坏或被改动过，解不开：请换另一份备份") from None

    _convert(path, plain, through)
    return plain


def _convert(source: Path, to: Path, through: Callable[[BinaryIO, BinaryIO], None]) -> None:
    with open(source, "rb") as read, open(to, "xb") as written:
        to.chmod(0o600)
        through(read, written)
    on_disk(to)


def _key():
    try:
        return _age().x25519.Identity.from_str(settings.BACKUP_KEY)
    except _age().IdentityError:
        raise Unfit(
            "BACKUP_KEY 的写法不对：应以 AGE-SECRET-KEY- 开头。用 manage.py backup --new-key 生成一个"
        ) from None


def _age():
    """Loaded where it is needed: an installation that does not encrypt goes without."""
    try:
        import pyrage
    except ImportError:
        raise Unfit("没有装好加密用的软件包：请再运行一次 python3 run.py setup") from None
    return pyrage
