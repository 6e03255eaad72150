"""Which files a repository may hold: an allow-list by name, held against the content."""

from __future__ import annotations

from collections.abc import Iterator

from workers.checks import pickles
from workers.checks.findings import Finding, Severity
from workers.checks.tensors import HeaderError, read_header
from workers.checks.tree import Entry, Tree

TEXT = frozenset(
    {".md", ".txt", ".rst", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".tsv", ".cff", ".bib"}
)
MODEL_TEXT = frozenset({".jinja", ".vocab", ".merges", ".bpe", ".model", ".tiktoken"})
DATA = frozenset({".parquet", ".csv", ".jsonl", ".tsv"})
IMAGES = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",),
}
PAGES = frozenset({".html", ".htm", ".svg", ".xml", ".xhtml"})
CODE = frozenset(
    {".py", ".ipynb", ".sh", ".bash", ".js", ".ts", ".r", ".jl", ".c", ".cpp", ".cu", ".toml",
     ".cfg", ".ini", ".pyi", ".rb", ".pl", ".lua", ".ps1", ".bat", ".cmd"}
)  # fmt: skip
ARCHIVES = frozenset(
    {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".whl", ".egg", ".jar"}
)
OTHER_WEIGHTS = frozenset(
    {".h5", ".hdf5", ".keras", ".onnx", ".gguf", ".ggml", ".msgpack", ".tflite", ".pb", ".mlmodel",
     ".ot", ".llamafile", ".engine", ".arrow"}
)  # fmt: skip
BARE_NAMES = frozenset(
    {"license", "licence", "copying", "notice", "authors", "contributors", "citation",
     ".gitattributes", ".gitignore", ".gitkeep"}
)  # fmt: skip
DOCUMENTATION = frozenset({"docs", "doc", "documentation"})

_PROGRAMS = (
    (b"\x7fELF", "a Linux program"),
    (b"MZ", "a Windows program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xfe\xed\xfa\xcf", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "Java or macOS code"),
    (b"#!", "a script"),
    (b"!<arch>", "an object library"),
)
_POINTER = b"version https://git-lfs."
_ARCHIVE_MAGIC = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf", b"Rar!")


def file_findings(tree: Tree, file_bytes: int | None) -> Iterator[Finding]:
    for entry in tree.entries:
        if file_bytes is not None and entry.size > file_bytes:
            yield _block(
                entry,
                "file-size",
                f"{entry.path} has {entry.size:,} bytes; {file_bytes:,} are allowed.",
                "Split it into smaller files, or ask the track's maintainers for a higher limit.",
            )
        finding = _program(entry) or _by_extension(entry)
        if finding:
            yield finding


def _by_extension(entry: Entry) -> Finding | None:
    extension = entry.extension
    for names, judge in (
        (frozenset({".safetensors"}), _safetensors),
        (pickles.EXTENSIONS, _pickled),
        (CODE, _code),
        (ARCHIVES, _archive),
        (OTHER_WEIGHTS, _other_weights),
        (PAGES, _page),
        (frozenset(IMAGES), _image),
        (TEXT | MODEL_TEXT | DATA, _allowed),
    ):
        if extension in names:
            return judge(entry)
    if entry.name.lower() in BARE_NAMES or entry.name.lower().startswith(("licen", "copying")):
        return _allowed(entry)
    return _unknown(entry)


def _program(entry: Entry) -> Finding | None:
    head = entry.head(8)
    for magic, kind in _PROGRAMS:
        # "MZ" and "#!" are short: text files may start with them by chance.
        if head.startswith(magic) and not (entry.extension in TEXT and len(magic) == 2):
            return _block(
                entry,
                "executable",
                f"{entry.path} is {kind}; a repository may not hold programs.",
                "Delete it; describe in the README how to build or get it.",
            )
    return None


def _safetensors(entry: Entry) -> Finding | None:
    try:
        read_header(entry.file)
    except HeaderError as error:
        if pickles.is_pickle(entry.file):
            return _pickled(entry)
        if entry.head(len(_POINTER)) == _POINTER:
            return _block(
                entry,
                "safetensors-header",
                f"{entry.path} is a git-lfs pointer; the file it stands for was never uploaded.",
                "Run `git lfs install` and `git lfs push --all <remote>`, or use hf upload.",
            )
        return _block(
            entry,
            "safetensors-header",
            f"{entry.path} is not a well-formed safetensors file: {error}.",
            "Write it again with save_pretrained(..., safe_serialization=True) and upload it "
            "whole; if it was cut off while uploading, upload it again.",
        )
    return None


def _pickled(entry: Entry) -> Finding:
    note = " (named like a safetensors file)" if entry.extension == ".safetensors" else ""
    if entry.name == "training_args.bin":
        fix = "Delete it: it holds the trainer's settings, which recipe.yaml records."
    elif entry.extension in {".npy", ".npz"}:
        fix = "Store tensors as .safetensors and examples as .parquet."
    else:
        fix = pickles.FIX
    return _block(
        entry,
        "pickle",
        f"{entry.path} is a Python pickle or may hold one{note}; loading it can run any code.",
        fix,
    )


def _code(entry: Entry) -> Finding | None:
    if entry.path.split("/", 1)[0].lower() in DOCUMENTATION:
        return None
    return _block(
        entry,
        "code",
        f"{entry.path} is code. Contributed code is not run here yet, so it cannot be measured.",
        "Express the change as recipe.yaml, data or weights; an example for readers may lie in "
        "docs/.",
    )


def _archive(entry: Entry) -> Finding:
    return _block(
        entry,
        "archive",
        f"{entry.path} is an archive; reviewers and checks cannot see inside.",
        "Upload the files it holds instead.",
    )


def _other_weights(entry: Entry) -> Finding:
    return _block(
        entry,
        "weights-format",
        f"{entry.path} is in a format that is not accepted here; weights are safetensors only.",
        "Convert it with save_pretrained(..., safe_serialization=True) and upload that file.",
    )


def _page(entry: Entry) -> Finding:
    return Finding(
        "active-page",
        Severity.WARN,
        f"{entry.path} can carry scripts; it is offered as a download and never shown as a page.",
        "Use Markdown, or PNG for pictures.",
        entry.path,
    )


def _image(entry: Entry) -> Finding | None:
    if entry.head(12).startswith(IMAGES[entry.extension]):
        return None
    return _block(
        entry,
        "content-mismatch",
        f"{entry.path} does not contain a {entry.extension[1:].upper()} image.",
        "Upload the image itself, named after its real format.",
    )


def _allowed(entry: Entry) -> Finding | None:
    """A name that may be here; its content must not be something else."""
    head = entry.head(8)
    if head[:1] == b"\x80" and entry.extension != ".parquet":
        return _pickled(entry)
    if head.startswith(_ARCHIVE_MAGIC) and entry.extension in TEXT:
        return _archive(entry)
    return None


def _unknown(entry: Entry) -> Finding:
    if pickles.is_pickle(entry.file):
        return _pickled(entry)
    if entry.head(8).startswith(_ARCHIVE_MAGIC):
        return _archive(entry)
    kind = f"the extension {entry.extension}" if entry.extension else "no extension"
    return _block(
        entry,
        "file-type",
        f"{entry.path} has {kind}, which is not on the list of files a repository may hold.",
        "Delete it, or convert it: weights to .safetensors, examples to .parquet, .csv or .jsonl, "
        "text to .md.",
    )


def _block(entry: Entry, rule: str, message: str, fix: str) -> Finding:
    return Finding(rule, Severity.BLOCK, message, fix, entry.path)
