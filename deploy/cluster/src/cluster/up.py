"""``python -m cluster up``: from any state to a cluster that serves, then what to type first."""

from cluster import certificate, configuration, lock, marker, prechecks, secrets
from cluster.bringup import Bringup
from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.programs import all_programs
from cluster.progress import Progress
from cluster.supervisor import Supervisor


def up(layout: Layout) -> None:
    """Bring the cluster up and print where it is; quick when it is up already."""
    progress = Progress()
    with lock.exclusive(layout, progress):
        supervisor = Supervisor(layout)
        _ensure_supervisor(layout, supervisor, progress)
        bringup = Bringup(layout, supervisor, progress)
        if not bringup.is_done():
            bringup.run()
    print(_welcome(layout, progress.seconds))


def _ensure_supervisor(layout: Layout, supervisor: Supervisor, progress: Progress) -> None:
    files = configuration.render(layout)
    configuration.write(configuration.describe(layout))
    if supervisor.is_alive():
        _end_strays(layout, supervisor.pid(), progress)
        if changed := configuration.changed(files):
            names = ", ".join(sorted(path.name for path in changed))
            raise ClusterError(
                f"the cluster runs with an older configuration ({names}): `make down`, then try again"
            )
        certificate.ensure(layout)
        return
    _end_strays(layout, None, progress)
    prechecks.check(layout, all_programs(layout))
    for folder in (layout.log, layout.mail):
        folder.mkdir(parents=True, exist_ok=True)
    secrets.ensure(layout.settings.secrets_dir)
    certificate.ensure(layout)
    configuration.write(files)
    supervisor.launch()


def _end_strays(layout: Layout, supervisor: int | None, progress: Progress) -> None:
    """End what a killed supervisor or a killed ``up`` left behind."""
    if strays := marker.survivors(layout, but_under=supervisor):
        progress.say(f"ending {len(strays)} processes that an earlier run left behind")
        marker.end(layout, but_under=supervisor)


def _welcome(layout: Layout, seconds: float) -> str:
    settings = layout.settings
    door = f"http://{settings.door.address}:{settings.door.http}"
    encrypted = f"https://{settings.door.address}:{settings.door.https}"
    shared = settings.site(settings.shared_site).address
    stands = "two datacentres and a witness" if len(settings.sites) > 1 else "one datacentre"
    return f"""
Portico is up ({stands}, {seconds:.1f} s).

  Front door   {door}   base domain {settings.base_domain}
  With TLS     {encrypted}   trust {layout.settings.authority_file}
  Mail kept    {layout.mail}
  S3           {settings.s3_url}
  Prometheus   http://{shared}:{settings.ports.prometheus}
  Logs         {layout.log}

Register a company, then work as its administrator with the token of the answer:

  curl -s {door}/api/v1/signup -H 'Host: {settings.base_domain}' \\
    -H 'Content-Type: application/json' -H "Idempotency-Key: $(uuidgen)" \\
    -d '{{"company": "Acme", "host": "acme", "email": "ann@acme.example", "password": "correct horse 7"}}'
  curl -s {door}/api/v1/me -H 'Host: acme.{settings.base_domain}' -H 'Authorization: Bearer TOKEN'

`./portico status` shows every process, `./portico doctor` says what is wrong, `make down` ends it."""
