"""The rendered files are valid in the eyes of the servers that read them."""

import itertools
import json
import subprocess
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from cluster import configuration
from cluster.layout import Layout
from cluster.programs import all_programs

from .conftest import prepare

IN_A_DATACENTRE = {"mariadb", "etcd", "memcached", "haproxy", "routing", "signup", "worker"}
IN_THE_SHARED_SITE = {"etcd", "door", "ceph-mon", "ceph-osd", "s3", "mail", "prometheus"}


def test_each_site_has_the_processes_the_architecture_names(layout: Layout) -> None:
    names = {(p.site.name, p.name) for p in all_programs(layout)}

    for site in layout.settings.datacentres:
        nodes = {f"portal-{n + 1}" for n in range(site.web_nodes)}
        assert {(site.name, name) for name in IN_A_DATACENTRE | nodes} <= names
    assert {(layout.settings.shared_site, name) for name in IN_THE_SHARED_SITE} <= names


def test_no_two_processes_listen_at_the_same_address(layout: Layout) -> None:
    everyone = [a for program in all_programs(layout) for a in program.listens]

    assert len(everyone) == len(set(everyone))


@pytest.mark.parametrize("kind", ["balancer.cfg", "door.cfg"])
def test_haproxy_accepts_its_files(layout: Layout, kind: str) -> None:
    prepare(layout)
    files = sorted(layout.etc.glob(f"*/{kind}"))

    assert files
    for file in files:
        _accepted("haproxy", "-c", "-dW", "-f", file)


def test_prometheus_accepts_its_file(layout: Layout) -> None:
    configuration.write(configuration.render(layout))

    _accepted("promtool", "check", "config", *layout.etc.glob("*/prometheus.yml"))


@pytest.mark.parametrize("fast", [False, True])
def test_mariadb_knows_every_setting(layout: Layout, *, fast: bool) -> None:
    chosen = Layout(layout.settings, layout.file, fast=fast)
    configuration.write(configuration.render(chosen))

    for file in chosen.etc.glob("*/my.cnf"):
        shown = _accepted(
            "mariadbd", f"--defaults-file={file}", "--user=nobody", "--verbose", "--help"
        )
        assert "unknown" not in shown


def test_supervisord_reads_every_program(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (layout.run, layout.log):
        folder.mkdir(parents=True)
    configuration.write(configuration.render(layout))
    options = ServerOptions()
    options.configfile = str(layout.supervisor_config)
    options.process_config(do_usage=False)

    groups = options.process_group_configs
    read = {f"{group.name}:{p.name}" for group in groups for p in group.process_configs}

    assert read == {p.full_name for p in all_programs(layout)}


def test_masters_count_in_classes_of_their_own(full: Layout) -> None:
    texts = [full.config(site.name, "my.cnf").read_text() for site in full.settings.datacentres]

    for setting in ("auto-increment-offset", "gtid-domain-id", "server-id"):
        lines = [line for text in texts for line in text.splitlines() if line.startswith(setting)]
        assert len(set(lines)) == 2


def test_a_lone_master_waits_for_nobody(layout: Layout) -> None:
    alone = len(layout.settings.datacentres) == 1
    texts = [t for path, t in configuration.render(layout).items() if path.name == "my.cnf"]

    assert all(("rpl-semi-sync" in text) is not alone for text in texts)


def test_a_master_with_a_peer_is_started_by_the_launcher_and_opens_nothing_by_itself(
    layout: Layout,
) -> None:
    programs = all_programs(layout)
    texts = [t for path, t in configuration.render(layout).items() if path.name == "my.cnf"]
    has_peers = len(layout.settings.datacentres) > 1
    launched = ["failover.database.start" in p.command for p in programs if p.name == "mariadb"]

    assert launched == [has_peers] * len(layout.settings.datacentres)
    for setting in ("read-only = ON", "skip-slave-start = ON"):
        assert all((setting in text) is has_peers for text in texts)
    agents = {p.site for p in programs if p.name == "failover"}
    assert agents == (set(layout.settings.sites) if has_peers else set())


def test_agents_stop_before_the_databases_they_would_miss(full: Layout) -> None:
    stages = {p.name: p.stage for p in all_programs(full)}

    assert stages["failover"] > stages["mariadb"] > stages["etcd"]


def test_no_configuration_file_holds_a_secret(full: Layout) -> None:
    values = [
        value
        for file in full.settings.secrets_dir.glob("*.json")
        for value in json.loads(file.read_text()).values()
    ]
    values.append("PRIVATE KEY")
    texts = [file.read_text() for file in full.etc.rglob("*") if file.is_file()]

    assert not [v for v, text in itertools.product(values, texts) if v in text]


def test_what_changed_on_disk_is_noticed(full: Layout) -> None:
    files = configuration.render(full)
    assert configuration.changed(files) == []

    full.config("dc-a", "my.cnf").write_text("[mariadbd]\n")

    assert configuration.changed(files) == [full.config("dc-a", "my.cnf")]


def _accepted(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr
