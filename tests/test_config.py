"""An operator sets up a server by flag, environment or file, and reads what is wrong with a setting."""

from pathlib import Path

import pytest

from fieldsync.config import Settings, load, program_folder, settings_table, shown
from fieldsync.core.problems import Problem, render


def loaded(environ: dict[str, str], file: Path | None = None, flags: dict[str, object] | None = None) -> Settings:
    found = load(environ, file, flags)
    assert isinstance(found, Settings), found
    return found


def refused(environ: dict[str, str], file: Path | None = None, flags: dict[str, object] | None = None) -> list[Problem]:
    found = load(environ, file, flags)
    assert isinstance(found, list), found
    return found


def test_a_laptop_needs_no_setting(tmp_path: Path) -> None:
    settings = loaded({}, flags={"data": tmp_path})
    assert settings.host == "127.0.0.1"
    assert settings.sqlalchemy_url == f"sqlite:///{tmp_path}/fieldsync.db"


def test_a_folder_named_from_where_one_stands_is_the_same_for_whoever_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert loaded({}, flags={"data": "village"}).sqlalchemy_url == f"sqlite:///{tmp_path}/village/fieldsync.db"
    url = {"FIELDSYNC_DATABASE_URL": "sqlite:///village.db"}
    assert loaded(url).sqlalchemy_url == f"sqlite:///{tmp_path}/village.db"


def test_a_flag_stands_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "fieldsync.toml").write_text('port = 1\nthreads = 2\nlease_days = 3\nhost = "0.0.0.0"\n')
    environ = {"FIELDSYNC_DATA": str(tmp_path), "FIELDSYNC_PORT": "10", "FIELDSYNC_THREADS": "20"}
    settings = loaded(environ, flags={"port": 100, "threads": None})
    assert (settings.port, settings.threads, settings.lease_days, settings.host) == (100, 20, 3, "0.0.0.0")


def test_a_file_named_by_flag_replaces_the_one_in_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "fieldsync.toml").write_text("port = 1\n")
    (tmp_path / "other.toml").write_text("threads = 2\n")
    settings = loaded({}, tmp_path / "other.toml", {"data": str(tmp_path)})
    assert (settings.port, settings.threads) == (8000, 2)


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "fieldsync.toml").write_text('thread = 2\nlog_level = "loud"\njobs = "maybe"\n')
    problems = refused({"FIELDSYNC_PORT": "http", "FIELDSYNC_DURABILITY": "paper"}, flags={"data": tmp_path})
    named = {problem.detail["setting"]: problem for problem in problems}
    assert set(named) == {"thread", "log_level", "jobs", "port", "durability"}
    assert render(named["thread"], "en") == "The setting thread (file) is not known. Did you mean: threads?"
    assert render(named["port"], "en").endswith("Allowed: 0 … 65535.")


def test_a_value_out_of_range_is_refused() -> None:
    assert refused({"FIELDSYNC_THREADS": "0"})[0].code == "setting_wrong"
    assert refused({"FIELDSYNC_LOCK_TIMEOUT_SECONDS": "nan"})[0].code == "setting_wrong"


def test_a_misspelt_variable_is_pointed_out_and_a_stranger_is_left_alone() -> None:
    assert refused({"FIELDSYNC_DATABSE_URL": "x"})[0].detail["meant"] == "database_url"
    assert loaded({"FIELDSYNC_SEED": "7"}) == loaded({})


def test_a_named_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert refused({}, tmp_path / "none.toml")[0].code == "settings_unreadable"
    (tmp_path / "fieldsync.toml").write_text("port = = 1")
    assert refused({}, flags={"data": tmp_path})[0].code == "settings_unreadable"


def test_a_secret_comes_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql+psycopg://field:hunter2@db/field\n")
    settings = loaded({"FIELDSYNC_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert settings.sqlalchemy_url == "postgresql+psycopg://field:hunter2@db/field"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(shown(settings))
    assert refused({"FIELDSYNC_DATABASE_URL_FILE": str(tmp_path / "none")})[0].code == "settings_unreadable"


def test_the_table_has_a_row_for_each_setting() -> None:
    assert len(settings_table().splitlines()) == len(shown(Settings())) + 2


def test_the_program_finds_its_own_folders() -> None:
    assert program_folder("migrations").is_dir()
    assert program_folder("forms").is_dir()
