"""Renders the servers' own configuration files from the templates in ``deploy/``."""

import json
import os
import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jinja2

from cluster.layout import REPOSITORY, TEMPLATES, Layout
from cluster.programs import Program, all_programs
from kernel.settings import Site

OWNERS = "owners.map"
# status -> reason, code (as in `web.problems`), detail: what HAProxy itself may have to say
PROBLEMS = {
    400: ("Bad Request", "invalid", "This is not a valid HTTP request."),
    404: ("Not Found", "not-found", "There is nothing here."),
    408: ("Request Timeout", "request-timeout", "The request did not arrive in time."),
    413: ("Content Too Large", "too-large", "The request is larger than allowed."),
    500: ("Internal Server Error", "internal", "Something went wrong on our side."),
    502: ("Bad Gateway", "bad-gateway", "The server gave no valid answer."),
    503: ("Service Unavailable", "unavailable", "No server can take the request now: try again."),
    504: ("Gateway Timeout", "timeout", "The server did not answer in time."),
}
# the same for clients of the compatible REST API, as in `portal.rest.failures`
REST_ERRORS = {
    404: "ERROR_METHOD_NOT_FOUND",
    500: "INTERNAL_SERVER_ERROR",
    502: "ERROR_UNEXPECTED_ANSWER",
    503: "INTERNAL_SERVER_ERROR",
    504: "ERROR_UNEXPECTED_ANSWER",
}


def render(layout: Layout) -> dict[Path, str]:
    """Return the text of every configuration file of the cluster."""
    programs = all_programs(layout)
    files = dict(_sites(layout))
    files.update(_shared(layout, programs))
    files[layout.supervisor_config] = _supervisor(layout, programs)
    for status in PROBLEMS:
        files[layout.etc / "errors" / f"{status}.http"] = problem(status)
    files[layout.etc / OWNERS] = ""  # the door fills its own copy, in memory
    return files


def describe(layout: Layout) -> dict[Path, str]:
    """Return the list of processes that ``portico status`` and the tests read."""
    rows = [
        {"name": p.name, "dc": p.site.name, "address": p.address, "probe": p.probe}
        for p in all_programs(layout)
    ]
    return {layout.processes_file: json.dumps(rows, indent=1)}


def write(files: dict[Path, str]) -> None:
    """Write the files; each is whole or not there."""
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8", newline="")  # HTTP needs its carriage returns
        fresh.replace(path)


def changed(files: dict[Path, str]) -> list[Path]:
    """Return those of the files that say something else on the disk."""
    return [p for p, text in files.items() if not p.exists() or _read(p) != text]


def problem(status: int) -> str:
    """Return HAProxy's error file for the status: a whole HTTP response.

    Its problem document is at the same time an error of the compatible REST API: HAProxy knows one for all.
    """
    reason, code, detail = PROBLEMS[status]
    title = code.replace("-", " ")
    document = json.dumps(
        {
            "type": f"urn:portico:problem:{code}",
            "title": title,
            "status": status,
            "detail": detail,
            "code": code,
            "error": REST_ERRORS.get(status, "INVALID_REQUEST"),
            "error_description": detail,
        }
    )
    headers = [
        f"HTTP/1.1 {status} {reason}",
        "Content-Type: application/problem+json",
        "Cache-Control: no-store",
        f"Content-Length: {len(document)}",
    ]
    if status == 503:
        # no server heard it, or it does no harm twice: whoever forwarded it may try again
        headers += ["Retry-After: 1", "X-Portico-Again: 1"]
    return "\r\n".join([*headers, "", document])


def _sites(layout: Layout) -> Iterator[tuple[Path, str]]:
    for site in layout.settings.sites:
        etcd = layout.data(site.name, "etcd")
        yield _file(layout, site, "etcd/etcd.yml", data=etcd)
    for site in layout.settings.datacentres:
        yield _file(
            layout,
            site,
            "mariadb/my.cnf",
            data=layout.data(site.name, "mariadb"),
            fast=layout.fast,
            peer=layout.peer(site.name),
            user=(layout.server_user("mysql") or "root") if os.geteuid() == 0 else None,
        )
        yield _file(layout, site, "haproxy/balancer.cfg", nodes=_nodes(layout, site))


def _shared(layout: Layout, programs: Sequence[Program]) -> Iterator[tuple[Path, str]]:
    site = layout.settings.site(layout.settings.shared_site)
    yield _file(
        layout, site, "ceph/ceph.conf", data=layout.data(site.name, "ceph"), fsid=layout.store_id
    )
    yield _file(layout, site, "haproxy/door.cfg", certificate=layout.certificate_file)
    yield _file(layout, site, "prometheus/prometheus.yml", jobs=_scrape_jobs(programs))
    yield from _alerts(layout, site)


def _alerts(layout: Layout, site: Site) -> Iterator[tuple[Path, str]]:
    """Copy the alert rules as they are: their braces are Prometheus' own."""
    for file in sorted((TEMPLATES / "prometheus" / "alerts").glob("*.yml")):
        if file.stem != "failover" or layout.has_agents:
            yield layout.config(site.name, f"alerts-{file.stem}.yml"), _read(file)


def _file(layout: Layout, site: Site, template: str, **values: Any) -> tuple[Path, str]:
    """Render one template for one site; what all of them may ask for is given here."""
    path = layout.config(site.name, Path(template).name)
    settings = layout.settings
    text = (
        _environment()
        .get_template(template)
        .render(
            site=site,
            sites=settings.sites,
            datacentres=settings.datacentres,
            ports=settings.ports,
            door=settings.door,
            base_domain=settings.base_domain,
            id_step=settings.id_step,
            errors=layout.etc / "errors",
            owners=layout.etc / OWNERS,
            problems=PROBLEMS,
            socket=layout.administration(site.name, path.stem),
            **values,
        )
    )
    return path, text


def _nodes(layout: Layout, site: Site) -> list[dict[str, Any]]:
    first = layout.settings.ports.portal
    return [{"name": f"portal-{n + 1}", "port": first + n} for n in range(site.web_nodes)]


def _scrape_jobs(programs: Sequence[Program]) -> dict[str, list[Program]]:
    """Group what answers ``/metrics`` by kind of process: portal-1 and portal-2 are one job."""
    jobs = defaultdict(list)
    for program in programs:
        if program.metrics:
            jobs[program.name.split("-")[0]].append(program)
    return jobs


def _supervisor(layout: Layout, programs: Sequence[Program]) -> str:
    groups = defaultdict(list)
    for program in programs:
        groups[program.site.name].append(program)
    return (
        _environment()
        .get_template("supervisor/supervisord.conf")
        .render(
            groups=groups,
            run=layout.run,
            log=layout.log,
            repository=REPOSITORY,
            root=os.geteuid() == 0,
        )
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # configuration files, not HTML
    )
    environment.filters["command_line"] = lambda words: _escaped(shlex.join(map(str, words)))
    environment.filters["escaped"] = _escaped
    return environment


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def _escaped(text: str) -> str:
    """Double the percent signs, which supervisord would expand."""
    return text.replace("%", "%%")
