"""Which files a repository may hold, and what a contribution changes."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile

import pytest

from tests.recipes.checked import check, model, only, rules, safetensors


def archive(name="archive/data.pkl", content=None):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr(name, pickle.dumps([1]) if content is None else content)
    return stream.getvalue()


@pytest.mark.parametrize("protocol", range(6))
def test_it_refuses_a_pickle_and_says_how_to_save_instead(tmp_path, protocol):
    content = pickle.dumps({"weight": [1.0]}, protocol=protocol)
    finding = only(check(tmp_path, model(**{"pytorch_model.bin": content})))
    assert finding["rule"] == "pickle"
    assert "save_pretrained(..., safe_serialization=True)" in finding["fix"]


@pytest.mark.parametrize(
    "files",
    [
        {"pytorch_model.bin": archive()},
        {"model.pt": archive("x/renamed.txt")},
        {"weights.weights": archive()},
        {"optimizer.pt": archive()[:-30]},
        {"vocab.txt": pickle.dumps([1], protocol=4)},
        {"adapters/x/state.joblib": b"anything"},
        {"array.npy": b"\x93NUMPY"},
    ],
)
def test_it_recognises_pickles_wherever_they_hide(tmp_path, files):
    assert only(check(tmp_path, model(**files)))["rule"] == "pickle"


def test_it_tells_that_training_arguments_can_simply_go(tmp_path):
    finding = only(check(tmp_path, model(**{"training_args.bin": archive()})))
    assert finding["fix"].startswith("Delete it")


@pytest.mark.parametrize(
    ("path", "content", "rule"),
    [
        ("train.py", "print()", "code"),
        ("setup.sh", "true", "code"),
        ("notebook.ipynb", "{}", "code"),
        ("run", b"\x7fELF\x02", "executable"),
        ("tool.md", b"\x7fELF\x02", "executable"),
        ("LICENSE.exe", b"MZ\x90", "executable"),
        ("start", b"#!/bin/sh\n", "executable"),
        ("data.zip", archive("a.txt", b"x"), "archive"),
        ("notes.txt", archive("a.txt", b"x"), "archive"),
        ("data.tar.gz", b"\x1f\x8b", "archive"),
        ("model.onnx", b"\x08", "weights-format"),
        ("model.gguf", b"GGUF", "weights-format"),
        ("picture.png", b"<html>", "content-mismatch"),
        ("thing.xyz", b"x", "file-type"),
        ("thing", b"x", "file-type"),
    ],
)
def test_it_refuses_what_it_cannot_vouch_for(tmp_path, path, content, rule):
    finding = only(check(tmp_path, model(**{path: content})))
    assert (finding["rule"], finding["path"]) == (rule, path)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("tokenizer.json", "{}"),
        ("special_tokens_map.json", "{}"),
        ("spiece.model", b"\x0a\x0e"),
        ("vocab.txt", "combine\nos system\nMZ"),
        ("chat_template.jinja", "{{ x }}"),
        ("docs/example.py", "print()"),
        (".gitattributes", "*.safetensors filter=lfs"),
        ("figure.png", b"\x89PNG\r\n\x1a\n"),
        ("NOTICE", "thanks"),
        ("recipe.yaml", "version: 1\nmethod: full\nepochs: 1\nlearning_rate: 1e-4\n"),
    ],
)
def test_it_accepts_the_usual_files(tmp_path, path, content):
    assert check(tmp_path, model(**{path: content}))["verdict"] == "passed"


def test_it_warns_about_pages_that_can_carry_scripts(tmp_path):
    result = check(tmp_path, model(**{"logo.svg": "<svg/>", "report.html": "<p>"}))
    assert result["verdict"] == "passed"
    assert rules(result, "warn") == ["active-page", "active-page"]


def test_it_tells_a_pointer_from_damaged_weights(tmp_path):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    finding = only(check(tmp_path, model(**{"model.safetensors": pointer})))
    assert "git-lfs pointer" in finding["message"]


@pytest.mark.parametrize(
    "text",
    [
        "sk-" * 1_000_000 + "T3BlbkFJ",
        "eyJ" * 1_000_000,
        "-----BEGIN " + "A " * 1_000_000,
        "gh" * 9**6,
    ],
)
@pytest.mark.timeout(30)
def test_no_text_makes_the_search_for_secrets_hang(tmp_path, text):
    check(tmp_path, model(**{"notes.md": text}))


def test_it_refuses_a_link(tmp_path):
    (tmp_path / "in" / "head").mkdir(parents=True)
    os.symlink("LICENSE", tmp_path / "in" / "head" / "link.md")
    (tmp_path / "in" / "head" / "folder").mkdir()
    os.symlink("folder", tmp_path / "in" / "head" / "again")
    files = model()
    root = tmp_path / "in" / "head"
    for path, content in files.items():
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    from workers.recipes.check import inspect

    found = [f["path"] for f in inspect(root, "model", None, None)["findings"]]
    assert found == ["again", "link.md"]


@pytest.mark.parametrize("path", ["../outside.md", "/etc/passwd", "a/../../b", "a\nb.md", "a\\b"])
def test_it_refuses_paths_that_lead_elsewhere(tmp_path, path):
    result = check(tmp_path, model(), changed=[path])
    assert only(result)["rule"] == "file-path"


def test_it_holds_files_to_the_limit_of_the_track(tmp_path):
    files = model(**{"big.txt": "x" * 3000})
    finding = only(check(tmp_path, files, limits={"file_bytes": 2500}))
    assert finding["message"] == "big.txt has 3,000 bytes; 2,500 are allowed."


SECRETS = [
    "hf_" + "a1B2" * 9,
    "AKIA" + "ABCD1234EFGH5678",
    "-----BEGIN RSA PRIVATE KEY-----",
    "ghp_" + "a1" * 18,
    "sk-ant-api03-" + "a1" * 15,
    "postgres://admin:correcthorse@db.example.org/x",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_it_finds_a_secret_and_never_repeats_it(tmp_path, capsys, secret):
    result = check(tmp_path, model(**{"notes.md": f"first line\nkey = {secret}\n"}))
    finding = only(result)
    assert (finding["rule"], finding["path"], finding["line"]) == ("secret", "notes.md", 2)
    assert "Revoke it" in finding["fix"]
    assert secret not in str(result)
    assert secret not in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    ["hf_transfer and hf_hub_download", "https://example.org:8080/a@b", "shf_" + "a" * 40],
)
def test_it_takes_no_ordinary_text_for_a_secret(tmp_path, text):
    assert check(tmp_path, model(**{"notes.md": text}))["verdict"] == "passed"


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ([], "none"),
        (["README.md", "LICENSE", "docs/a.py"], "card"),
        (["model.safetensors", "config.json", "tokenizer.json", "README.md"], "weights"),
        (["adapters/a/adapter_model.safetensors", "adapters/a/README.md"], "adapter"),
        (["recipe.yaml", "README.md"], "recipe"),
        (["data/train.csv"], "data"),
        (["more.jsonl"], "data"),
        (["train.py"], "code"),
        (["recipe.yaml", "model.safetensors"], "mixed"),
    ],
)
def test_it_tells_what_kind_of_patch_it_is(tmp_path, changed, kind):
    patch = check(tmp_path, model(), changed=changed)["patch"]
    assert patch["kind"] == kind
    assert patch["adapters"] == (["adapters/a"] if kind == "adapter" else [])


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("a.csv", "", "it is empty"),
        ("a.csv", "text,label\na,b\nc\n", "line 3 has 1 fields"),
        ("a.csv", "text,text\na,b\n", "appears twice"),
        ("a.csv", b"text,label\n\xff,b\n", "line 2 is not UTF-8"),
        ("a.jsonl", '{"a": 1}\n{"a": \n', "line 2 is not JSON"),
        ("a.jsonl", "[1]\n", "line 1 is not a JSON object"),
        ("a.parquet", "text,label", "does not begin"),
        ("a.parquet", b"PAR1" + b"\0" * 20, "cut off"),
    ],
)
def test_it_names_the_fault_of_a_data_file(tmp_path, path, content, words):
    files = {key: text for key, text in model().items() if key in {"README.md", "LICENSE"}}
    finding = only(check(tmp_path, files | {path: content}, repo_type="dataset"))
    assert words in finding["message"]
    assert finding["path"] == path


def test_it_reads_data_files_that_are_well_formed(tmp_path):
    import pyarrow
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pyarrow.table({"text": ["a"], "label": [1]}), stream)
    files = {key: text for key, text in model().items() if key in {"README.md", "LICENSE"}}
    files |= {
        "data/a.csv": 'text,label\r\n"one, two\nthree",x\r\n\r\n',
        "data/b.jsonl": '{"text": "a"}\n\n',
        "data/c.parquet": stream.getvalue(),
    }
    result = check(tmp_path, files, repo_type="dataset")
    assert (result["verdict"], result["findings"]) == ("passed", [])


def test_it_warns_about_a_dataset_without_examples(tmp_path):
    files = {key: text for key, text in model().items() if key in {"README.md", "LICENSE"}}
    assert rules(check(tmp_path, files, repo_type="dataset"), "warn") == ["examples"]


def test_it_needs_no_torch():
    program = "import sys, workers.recipes.check; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout == "False\n"


@pytest.mark.timeout(20)
def test_it_takes_weights_of_thousands_of_tensors(tmp_path):
    files = model(**{"model.safetensors": safetensors({f"t{n}": (64, 64) for n in range(3000)})})
    assert check(tmp_path, files)["verdict"] == "passed"
