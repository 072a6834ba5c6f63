"""`reslab info --draw`: a net as a picture, in the form that the file's name asks for."""

import json

import pytest
from typer.testing import CliRunner

from reslab.cli.app import app
from reslab.errors import UsageError


@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
def test_a_net_is_drawn(tmp_path, form):
    picture = tmp_path / f"net.{form}"
    answer = CliRunner().invoke(app, ["info", "resnet50", "--draw", str(picture), "--json"])
    assert answer.exit_code == 0 and json.loads(answer.stdout)["drawing"] == str(picture)
    assert picture.read_bytes()[:5].strip(b"\x89-\r") in (b"<?xml", b"%PDF", b"PNG")
    if form == "svg":
        assert "3,857,973,248 multiply-adds" in picture.read_text() and "1×1 projection" in picture.read_text()


def test_what_is_no_picture_is_refused(tmp_path):
    answer = CliRunner().invoke(app, ["info", "resnet20", "--draw", str(tmp_path / "net.gif")])
    assert isinstance(answer.exception, UsageError) and ".svg, .pdf, .png" in str(answer.exception)
    assert not list(tmp_path.iterdir())
