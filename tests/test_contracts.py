"""The walls between the packages (pyproject.toml, [tool.importlinter])."""

from __future__ import annotations

import os

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_no_package_imports_what_it_may_not_know(tmp_path, capsys):
    root = os.path.dirname(os.path.dirname(__file__))
    status = lint_imports(
        config_filename=os.path.join(root, "pyproject.toml"), cache_dir=str(tmp_path)
    )
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out
