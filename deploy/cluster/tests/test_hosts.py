"""The hosts file gains our names and keeps everything else."""

from pathlib import Path

from cluster import hosts
from cluster.layout import Layout


def test_names_are_added_once_and_the_rest_is_kept(full: Layout, tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n")

    hosts.add(full, ["acme"], file)
    shown = hosts.add(full, ["beta", "acme"], file)

    base = full.settings.base_domain
    assert shown == [base, f"acme.{base}", f"beta.{base}"]
    lines = file.read_text().splitlines()
    assert lines[0] == "127.0.0.1 localhost"
    assert lines.count(f"{full.settings.door.address} acme.{base}") == 1
