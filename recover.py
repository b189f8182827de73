#!/usr/bin/env python3
"""Opens keyward envelopes without keyward: docs/format.md, read again in Python.

    recover.py FILE                             what is in the header, and how to get at the data key
    recover.py FILE --extract FOLDER            write every wrapped data key and the AAD into files
    recover.py FILE --data-key-file KEY         open, with the 32 bytes that a KMS or age answered
    recover.py FILE --identity IDENTITY         open, with a stock `age` and an age identity file
    recover.py --vectors FOLDER                 check this reader against the project's test vectors

FILE is a binary envelope (`.kw`) or the text form (`kw1.…`); `-` is stdin. The content goes to `-o OUT`, which must not
exist, or to stdout; nothing is written before the last byte was authenticated, so what goes to stdout is held in memory
whole. Needs Python 3.9 and `cryptography` from version 50.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

try:
    from cryptography.cobblestone import Cobblestone256Decryptor
except ImportError:
    sys.exit("recover.py needs the Python package `cryptography` from version 50: pip install 'cryptography>=50'")

MAGIC = b"\x93KW1"
BOUND = MAGIC + b"\x01\x01\x00\x00"
TEXT_PREFIX = "kw1."
TEXT_MAX = 128 * 1024
PREFIX_LEN, MAC_LEN, HEAD_LEN, TAG_LEN, CHUNK_LEN = 16, 32, 56, 16, 16 * 1024
KMS_CALLS = 16
KMS, AGE = 1, 2
STDIO = Path("-")
KEY_NAME = re.compile(
    r"projects/([a-z0-9][a-z0-9.:-]{0,99})/locations/([a-z][a-z0-9-]{0,63})"
    r"/keyRings/([A-Za-z0-9_-]{1,63})/cryptoKeys/([A-Za-z0-9_-]{1,63})"
)


class Rejected(Exception):
    """The envelope is not one, or does not open. `level` is the word that docs/format.md has for it."""

    def __init__(self, level, why):
        super().__init__(f"{level}: {why}")
        self.level = level


# --- The header -------------------------------------------------------------------------------------------------------


class Section:
    """Reads one section from front to back."""

    def __init__(self, level, data):
        self.level, self.data, self.at = level, data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Rejected(self.level, "ends inside a field")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def field(self, what, least, most):
        size = self.number(2)
        if not least <= size <= most:
            raise Rejected(self.level, f"{what} has {size} bytes ({least} to {most})")
        return self.take(size)

    def end(self):
        if self.at != len(self.data):
            raise Rejected(self.level, "bytes are left behind the last field")


class Wrap:
    """One wrapped data key."""

    def __init__(self, section):
        self.kind, group = section.number(1), section.number(1)
        if self.kind not in (KMS, AGE) or group != 0:
            raise Rejected("wraps", f"kind {self.kind}, group {group}")
        self.provider = visible(section.field("a provider", 1, 64))
        self.location = visible(section.field("a location", 0, 64))
        self.key = visible(section.field("a key name", 1, 1024))
        self.version = visible(section.field("a key version", 0, 256))
        self.wrapped = section.field("a wrapped data key", 0, 4096)
        if (self.kind == AGE) != (self.provider == "age"):
            raise Rejected("wraps", "kind and provider do not belong together")
        if self.kind == AGE and (self.location or self.version):
            raise Rejected("wraps", "an age wrap with location or version")

    def identity(self):
        return (self.kind, self.provider, self.location, self.key)

    def name_parts(self):
        """Project, location, ring and key of a name in the form of Cloud KMS; None when it must not be tried."""
        if self.kind != KMS or self.provider not in ("gcp-kms", "embedded-kms"):
            return None
        match = KEY_NAME.fullmatch(self.key)
        return match.groups() if match and match[2] == self.location else None


def visible(field):
    if not all(0x21 <= byte <= 0x7E for byte in field):
        raise Rejected("wraps", "a name that is not visible ASCII")
    return field.decode("ascii")


class Header:
    """Prefix, core and wraps: the bytes in front of a body. `read` returns up to the given number of bytes."""

    def __init__(self, read):
        prefix = read(PREFIX_LEN)
        core_len, wraps_len = parse_prefix(prefix)
        core = read(core_len)
        if len(core) < core_len:
            raise Rejected("core", "the file ends inside it")
        self.context = parse_core(core)
        wraps = read(wraps_len)
        if len(wraps) < wraps_len:
            raise Rejected("wraps", "the file ends inside it")
        self.wraps = parse_wraps(wraps[:-MAC_LEN])
        self.mac = wraps[-MAC_LEN:]
        self.authenticated = prefix + core + wraps[:-MAC_LEN]
        self.core = core
        self.binding = hashlib.sha512(BOUND + core).digest()
        self.aad = b"keyward/wrap/v1" + self.binding
        self.body_context = b"keyward/envelope/v1" + self.binding

    def check_mac(self, data_key):
        key = expand(data_key, b"keyward/wraps/v1" + self.binding, 32)
        if not hmac.compare_digest(hmac.digest(key, self.authenticated, "sha256"), self.mac):
            raise Rejected("mac", "someone who cannot open this envelope changed its wraps")


def parse_prefix(prefix):
    if prefix[:4] == b"k0tX":
        raise Rejected("prefix", "this is the base64 of an envelope: decode it first")
    if len(prefix) < PREFIX_LEN or prefix[:4] != MAGIC:
        raise Rejected("prefix", "this is not a keyward envelope")
    if prefix[:8] != BOUND:
        raise Rejected("prefix", "a format or suite that this reader does not know")
    core_len, wraps_len = int.from_bytes(prefix[8:12], "big"), int.from_bytes(prefix[12:], "big")
    if not 34 <= core_len <= 16384 or not 48 <= wraps_len <= 65536:
        raise Rejected("prefix", "a length out of its limits")
    return core_len, wraps_len


def parse_core(data):
    section, context, previous = Section("core", data), {}, b""
    section.take(32)
    count = section.number(2)
    if count > 64:
        raise Rejected("core", f"{count} context pairs")
    for _ in range(count):
        name, value = section.field("a name", 1, 256), section.field("a value", 0, 4096)
        if name <= previous or name.startswith(b"kw:"):
            raise Rejected("core", "a name out of order, or reserved")
        previous = name
        try:
            context[name.decode()] = value.decode()
        except UnicodeDecodeError:
            raise Rejected("core", "a context pair that is not UTF-8") from None
    section.end()
    return context


def parse_wraps(data):
    section = Section("wraps", data)
    wraps = [Wrap(section) for _ in range(section.number(1))]
    section.end()
    if len({wrap.identity() for wrap in wraps}) != len(wraps):
        raise Rejected("wraps", "two wraps for one key")
    if not any(wrap.wrapped for wrap in wraps):
        raise Rejected("wraps", "no wrap holds a data key")
    return wraps


def decode_text(text, most=TEXT_MAX):
    """The bytes of a text form. Only the canonical encoding is one."""
    if len(text) > most:
        raise Rejected("text", f"{len(text)} bytes, at most {most} are read (--max-text)")
    encoded = text[len(TEXT_PREFIX) :]
    if not text.startswith(TEXT_PREFIX) or not re.fullmatch(r"[A-Za-z0-9_-]*", encoded):
        raise Rejected("text", "not `kw1.` and base64url without padding")
    try:
        data = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        raise Rejected("text", "a length that base64 does not have") from None
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != encoded:
        raise Rejected("text", "bits behind the last byte")
    return data


# --- The body ---------------------------------------------------------------------------------------------------------


def expand(key, info, length):
    return HKDFExpand(algorithm=hashes.SHA512(), length=length, info=info).derive(key)


def commits_to(head, data_key, context):
    """Whether salt and commitment in `head` are those of this data key."""
    label = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
    derived = expand(data_key, label + head[:24] + context, 76)
    return hmac.compare_digest(derived[44:], head[24:])


def open_body(head, read, data_key, context, write):
    """Opens the chunks behind `head`. What `write` got counts only when this returns."""
    decryptor, last = Cobblestone256Decryptor(data_key, context), 0
    try:
        write(decryptor.update(head))
        while piece := read(64 * (CHUNK_LEN + TAG_LEN)):
            last = (last + len(piece)) % (CHUNK_LEN + TAG_LEN)
            write(decryptor.update(piece))
        if last < TAG_LEN:
            raise Rejected("truncated", "the body ends before its last chunk")
        write(decryptor.finalize())
    except InvalidTag:
        raise Rejected("chunk", "a chunk does not authenticate") from None


# --- Opening ----------------------------------------------------------------------------------------------------------


def read_head(read):
    head = read(HEAD_LEN)
    if len(head) < HEAD_LEN:
        raise Rejected("truncated", "the file ends before its body")
    return head


def check_context(header, expected):
    for name, value in expected.items():
        if header.context.get(name) != value:
            raise Rejected("context", f"{name}={value} is expected")


def find_data_key(embedded, detached, head, unwrap):
    """Tries the wraps in order. Returns the data key, and which wrap of which header opened."""
    depth = {"unwrap": 0, "commitment": 1, "mac": 2}
    last = Rejected("unwrap", "no wrap yields a data key")
    for source, header in (("detached", detached), ("embedded", embedded)):
        for index, wrap in enumerate(header.wraps if header else []):
            data_key = unwrap(wrap) if wrap.wrapped else None
            if data_key is None or len(data_key) != 32:
                continue
            try:
                if not commits_to(head, data_key, embedded.body_context):
                    raise Rejected("commitment", "this is not the data key of the body")
                header.check_mac(data_key)
                return data_key, source, index
            except Rejected as rejected:
                if depth[rejected.level] >= depth[last.level]:
                    last = rejected
                if rejected.level == "mac":
                    break
    raise last


def parse_detached(data, embedded):
    """The header in a file of detached wraps, or None when it does not belong to the envelope."""
    read = reader_of(data)
    try:
        header = Header(read)
    except Rejected:
        return None
    return header if not read(1) and header.core == embedded.core else None


def age_decrypt(identity_file, wrapped):
    """What stock age makes of a wrap."""
    if not wrapped.startswith(b"age-encryption.org/v1\n"):
        return None
    command = ["age", "--decrypt", "--identity", str(identity_file)]
    done = subprocess.run(command, input=wrapped, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.stdout if done.returncode == 0 else None


def reader_of(data):
    view, at = memoryview(data), 0

    def read(count):
        nonlocal at
        piece = bytes(view[at : at + count])
        at += len(piece)
        return piece

    return read


# --- For people -------------------------------------------------------------------------------------------------------


def open_input(path, max_text):
    """A function that reads the binary form, whichever form the file has."""
    file = sys.stdin.buffer if path == STDIO else open(path, "rb")
    if file.peek(4)[:4] != TEXT_PREFIX.encode():
        return file.read
    line = file.read(max_text + 3).removesuffix(b"\n").removesuffix(b"\r")
    return reader_of(decode_text(line.decode("ascii", "replace"), max_text))


def describe(header, file):
    """How to get at the data key, and the files that the commands need."""
    # Not by what could be an option.
    name = "FILE" if file == STDIO else f"./{file}" if str(file).startswith("-") else str(file)
    quoted = "'" + name.replace("'", "'\\''") + "'"
    for name, value in header.context.items():
        print(f"# context: {name!r} = {value!r}")
    for number, wrap in enumerate(header.wraps, 1):
        print(f"\n# wrap {number}: {wrap.provider} {wrap.location} {wrap.key} version {wrap.version or 'unknown'}")
        parts = wrap.name_parts()
        if not wrap.wrapped:
            print("# wanted and missing")
        elif wrap.kind == AGE:
            print(f"age --decrypt --identity IDENTITY.txt --output data.key wrap-{number}.age")
        elif parts and wrap.provider == "gcp-kms":
            print(
                f"gcloud kms decrypt --project={parts[0]} --location={parts[1]} --keyring={parts[2]} --key={parts[3]}"
                f" --ciphertext-file=wrap-{number}.bin --additional-authenticated-data-file=wrap.aad"
                " --plaintext-file=data.key"
            )
        else:
            print(f"# its provider has to decrypt wrap-{number}.bin with the additional data in wrap.aad")
    print(f"\n# the files above: recover.py {quoted} --extract .")
    print(f"# then: recover.py {quoted} --data-key-file data.key -o OUT")


def extract(header, folder):
    folder.mkdir(parents=True, exist_ok=True)
    write_new(folder / "wrap.aad", header.aad)
    for number, wrap in enumerate(header.wraps, 1):
        if wrap.wrapped:
            suffix = "age" if wrap.kind == AGE else "bin"
            write_new(folder / f"wrap-{number}.{suffix}", wrap.wrapped)


def write_new(path, data):
    """Never over another file, unless it holds just that."""
    try:
        with open(path, "xb") as file:
            file.write(data)
    except FileExistsError:
        if path.read_bytes() != data:
            raise


def deliver(out, produce):
    """Collects what `produce` writes, and hands it over only when `produce` has returned.

    For stdout it is held in memory: a spool would put plaintext on a disk that nobody named.
    """
    if out is None:
        pieces = []
        produce(pieces.append)
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    with tempfile.NamedTemporaryFile(dir=out.absolute().parent) as file:
        produce(file.write)
        file.flush()
        os.fsync(file.fileno())
        os.link(file.name, out)


def recover(options):
    read = open_input(options.file, options.max_text)
    header = Header(read)
    if options.extract:
        extract(header, options.extract)
    if not (options.data_key_file or options.identity):
        return None if options.extract else describe(header, options.file)
    check_context(header, dict(pair.partition("=")[::2] for pair in options.context))
    head = read_head(read)
    detached = parse_detached(options.wraps.read_bytes(), header) if options.wraps else None

    given = options.data_key_file.read_bytes() if options.data_key_file else None
    if given is not None and len(given) != 32:
        raise Rejected("unwrap", f"{options.data_key_file} has {len(given)} bytes, a data key has 32")

    def unwrap(wrap):
        if given is not None:
            return given
        return age_decrypt(options.identity, wrap.wrapped) if wrap.kind == AGE else None

    data_key, source, index = find_data_key(header, detached, head, unwrap)
    out = None if options.output == STDIO else options.output
    deliver(out, lambda write: open_body(head, read, data_key, header.body_context, write))
    print(f"recover.py: opened ({source} wrap {index + 1})", file=sys.stderr)


# --- The project's test vectors ---------------------------------------------------------------------------------------


def open_vector(vector, folder):
    """What this reader makes of a vector: the wrap that opened, and the content."""
    if "text" in vector:
        data = decode_text(vector["text"], vector.get("max_text", TEXT_MAX))
    else:
        data = decoded(vector["envelope"])
    read = reader_of(data)
    header = Header(read)
    check_context(header, vector.get("expected_context", {}))
    head = read_head(read)
    detached = parse_detached(decoded(vector["detached"]), header) if "detached" in vector else None
    calls = 0

    def unwrap(wrap):
        nonlocal calls
        if wrap.kind == AGE:
            files = [write_identity(folder, identity) for identity in vector["identities"]]
            return next(filter(None, (age_decrypt(file, wrap.wrapped) for file in files)), None)
        key = f"{wrap.provider}://{wrap.key}"
        if not wrap.name_parts() or key not in vector["permitted"] or calls == KMS_CALLS:
            return None
        calls += 1
        asked = (key, wrap.wrapped, header.aad)
        for answer in vector["kms"]:
            if asked == (answer["key"], decoded(answer["wrapped"]), decoded(answer["aad"])):
                return decoded(answer["plaintext"])
        return None

    data_key, source, index = find_data_key(header, detached, head, unwrap)
    content = []
    open_body(head, read, data_key, header.body_context, content.append)
    return source, index, b"".join(content)


def decoded(text):
    return base64.b64decode(text, validate=True)


def write_identity(folder, identity):
    file = Path(folder) / "identity.txt"
    file.write_text(identity + "\n")
    return file


def check_vectors(folder):
    """Prints the level and the name of every vector. Exits with 1 when one reaches another result than it states."""
    files, wrong = sorted(Path(folder).glob("*.json")), 0
    for file in files:
        document = json.loads(file.read_text())
        for vector in document["vectors"]:
            reached = result_of(vector)
            print(reached, vector["name"])
            if reached != document["level"]:
                wrong += 1
                print(f"{vector['name']} reached {reached}, not {document['level']}", file=sys.stderr)
    return 1 if wrong or not files else 0


def result_of(vector):
    try:
        with tempfile.TemporaryDirectory() as folder:
            source, index, content = open_vector(vector, folder)
    except Rejected as rejected:
        return rejected.level
    wanted = vector.get("opens", {})
    reached = {
        "wraps": source,
        "index": index,
        "content_len": len(content),
        "content_sha512": base64.b64encode(hashlib.sha512(content).digest()).decode(),
    }
    return "valid" if reached == wanted else "opened-otherwise"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, help="the envelope")
    parser.add_argument("--data-key-file", type=Path, help="the 32 bytes that the KMS or age answered")
    parser.add_argument("--identity", type=Path, help="an age identity file; needs the age command")
    parser.add_argument("--wraps", type=Path, help="detached wraps (NAME.kw.wraps), tried before the embedded ones")
    parser.add_argument("--context", metavar="NAME=VALUE", action="append", default=[], help="demand this pair")
    parser.add_argument("--extract", metavar="FOLDER", type=Path, help="write wrapped data keys and AAD into files")
    parser.add_argument("--max-text", metavar="BYTES", type=int, default=TEXT_MAX, help="longest text form to read")
    parser.add_argument("-o", "--output", type=Path, help="where the content goes; must not exist (default: stdout)")
    parser.add_argument("--vectors", metavar="FOLDER", type=Path, help="check this reader against test vectors")
    options = parser.parse_args()
    if (options.file is None) == (options.vectors is None):
        parser.error("give either FILE or --vectors FOLDER")
    return options


def main():
    options = parse_arguments()
    try:
        return check_vectors(options.vectors) if options.vectors else recover(options)
    except Rejected as rejected:
        print(f"recover.py: {rejected}", file=sys.stderr)
        return 4
    except BrokenPipeError:
        # Whoever read stdout has gone; Python would complain again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        print(f"recover.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
