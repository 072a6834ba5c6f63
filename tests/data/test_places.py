from reslab.data.places import data_root


def test_the_data_root_is_what_is_given_else_the_variable_else_the_cache(monkeypatch, tmp_path, cache):
    monkeypatch.setenv("RESLAB_DATA", str(tmp_path / "named"))
    assert data_root(tmp_path) == tmp_path
    assert data_root() == tmp_path / "named"
    monkeypatch.setenv("RESLAB_DATA", "")
    assert data_root() == cache / "data"
