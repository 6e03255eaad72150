"""File names that every check refuses, said before anything is uploaded.

The check looks at contents too and decides; a test holds these names to its lists.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

PICKLES = frozenset(
    {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".npy", ".npz", ".pt2"}
)
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
DATA = (".parquet", ".csv", ".jsonl", ".tsv")
WEIGHTS = ".safetensors"
DOCUMENTATION = ("docs", "doc", "documentation")


def refusal(path: str) -> str:
    """Why the check will refuse a file of this name, and what to do; empty if it may come."""
    name = path.rpartition("/")[2].lower()
    suffix = "." + name.rpartition(".")[2] if "." in name.lstrip(".") else ""
    if suffix in PICKLES:
        return _("is a Python pickle or may hold one, which can run code: save it as .safetensors.")
    if suffix in OTHER_WEIGHTS:
        return _("is in a format that is not accepted: weights are .safetensors only.")
    if suffix in ARCHIVES:
        return _("is an archive, into which nobody can see: upload the files that it holds.")
    if suffix in CODE and path.partition("/")[0].lower() not in DOCUMENTATION:
        return _("is code, which is not run here: say it as a recipe, or put it into docs/.")
    return ""
