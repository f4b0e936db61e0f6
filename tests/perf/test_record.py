"""The figures that are kept: what made them, whose they are, and that the README says what they say."""

import json

import pytest

import figures
import record
from children import Failed
from figures import Figures
from spread import median


def test_each_file_has_its_command():
    assert {path.stem for path in record.FOLDER.glob("*.json")} == set(record.FILES)


@pytest.mark.parametrize("name", record.FILES)
def test_a_file_names_command_machine_and_commit(name):
    said = json.loads((record.FOLDER / f"{name}.json").read_text())
    assert set(said) == {"machine", "commit", "command", "when", "figures"} and said["figures"]
    assert said["command"] == record.command(name)
    assert all(said["machine"][what] for what in ("host", "kernel", "cpu", "cpus", "dpdk")) and len(said["commit"]) == 40
    for figure in said["figures"]:
        assert set(figure) == {"name", "unit", "better", "relative", "min", "median", "max", "samples"}
        assert figure["better"] in ("less", "more") and figure["samples"] and isinstance(figure["relative"], bool)
        assert (figure["min"], figure["max"]) == (min(figure["samples"]), max(figure["samples"]))
        assert figure["median"] == pytest.approx(median(figure["samples"]), rel=1e-5)
    assert (record.FOLDER / f"{name}.json").stat().st_size < 50000


def test_the_readme_says_what_the_files_say():
    text = record.README.read_text()
    assert record.with_table(text, record.table(record.figures())) == text, "tools/perf record writes it anew"


def test_what_the_readme_cannot_say():
    known = record.figures()
    changed = Figures()
    for figure in known["fib"]:
        for sample in figure.samples:
            changed.add(figure.name, sample + 1, figure.unit, figure.better, figure.relative and "rte_lpm_add" not in figure.name)
    with pytest.raises(Failed, match="rte_lpm_add to the first 100,000' is no ratio"):
        record.table({**known, "fib": changed})
    with pytest.raises(Failed, match="is not there"):
        record.table({**known, "rib": Figures()})
    with pytest.raises(Failed, match="has no"):
        record.with_table("nothing", "rows\n")


def test_what_is_recorded_makes_nothing_dirty(tmp_path, monkeypatch):
    files = [tmp_path / name for name in ("README.md", "tests/perf/figures/fib.json", "control/main.c")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("before\n")
    monkeypatch.setattr(figures, "SOURCE", tmp_path)
    for words in (("init", "-q"), ("add", "."), ("-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "all")):
        figures.git(*words, check=True)
    for file in files:
        file.write_text("after\n")
        assert figures.commit().endswith("-dirty") == (file.name == "main.c"), file
