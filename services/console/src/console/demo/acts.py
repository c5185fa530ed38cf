"""The acts of the demo."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from blobs.bucket import Bucket
from blobs.errors import AccessDeniedError
from blobs.keys import AccessKey, Account
from blobs.store import connect
from console.demo import account
from console.demo.company import Company, sha256_of, sign_up
from console.demo.load import Load
from console.demo.promises import Promises
from console.demo.sabotage import Saboteur
from kernel import secrets
from kernel.sealing import Sealer
from kernel.settings import Settings

EXAMPLES = Path("examples")
IMPORT_SECONDS = 60
REPLICATED_SECONDS = 10
MIB = 1 << 20
FILES = {"пусто.txt": 0, "Отчёт.pdf": MIB, "Архив.zip": 96 * MIB}
SIGNUP_SECONDS = 1.0
UNAUTHORISED = 401


async def companies(settings: Settings, promises: Promises) -> tuple[Company, Company]:
    """Two companies sign up in two regions at the same time."""
    started = time.monotonic()
    made = await asyncio.gather(
        sign_up(settings, "Рога и копыта", "ru"), sign_up(settings, "Müller & Söhne GmbH", "eu")
    )
    seconds = time.monotonic() - started
    promises.check("a portal in a second", f"{seconds:.2f} s", kept=seconds <= SIGNUP_SECONDS)
    homes = [c.home_dc for c in made]
    promises.equal("home by region", homes, [settings.home_of("ru"), settings.home_of("eu")])
    return made[0], made[1]


async def leads(russian: Company, german: Company, promises: Promises) -> None:
    """Both import their leads, in two encodings; a second run makes no duplicates."""
    first, second = await asyncio.gather(
        _imported(russian, "leads.csv"), _imported(german, "leads.cp1251.csv")
    )
    promises.equal("import of 1,000 rows, UTF-8 and cp1251", [first, second], [1000, 1000])
    again = await _imported(russian, "leads.csv")
    promises.equal("the same import again makes no duplicates", again, 0)


async def files(company: Company, promises: Promises) -> None:
    """Files go up and come back as they were."""
    started, total = time.monotonic(), 2 * sum(FILES.values())
    for name, size in FILES.items():
        pattern = f"{company.label} {name} ".encode()
        made = await company.upload(name, pattern, size)
        expected = sha256_of(pattern, size)
        came_back = await company.downloaded_sha256(made["id"])
        promises.check(
            f"{size // MIB} MiB up and down, checksums equal",
            made["sha256"][:12],
            kept=made["sha256"] == expected == came_back,
        )
    rate = total / MIB / (time.monotonic() - started)
    promises.check("files through the front door", f"{rate:.0f} MiB/s", kept=True)


async def databases(
    settings: Settings, saboteur: Saboteur, both: Sequence[Company], promises: Promises
) -> None:
    """Ids are odd in one datacentre and even in the other; both databases hold all rows."""
    sites = [s.name for s in settings.datacentres]
    for company in both:
        offset = settings.site(company.home_dc).id_offset % settings.id_step
        parities = saboteur.query(
            company.home_dc,
            "SELECT DISTINCT id %% %s FROM crm_leads WHERE portal_id = %s",
            settings.id_step,
            company.id,
        )
        promises.equal(f"ids of {company.home_dc} have its parity", parities, [(offset,)])
        counts = await _equal_counts(saboteur, sites, company)
        promises.check(
            f"rows of {company.home_dc} are in every database",
            counts,
            kept=len(set(counts)) == 1 and counts[0] > 0,
        )


async def isolation(
    settings: Settings, saboteur: Saboteur, mine: Company, theirs: Company, promises: Promises
) -> None:
    """One company's key and token open nothing of the other's."""
    async with connect(settings.s3_url) as store:
        key = stolen_account(settings, saboteur, mine).key
        bucket = stolen_account(settings, saboteur, theirs).bucket
        try:
            await Bucket(store, Account(bucket, key)).list()
        except AccessDeniedError:
            outcome = "AccessDenied"
        else:
            outcome = "opened"
    promises.equal("A's key on B's bucket", outcome, "AccessDenied")
    headers = {"Host": theirs.client.headers["host"]}
    answer = await mine.client.get("/api/v1/me", headers=headers)
    promises.equal("A's token on B's host", answer.status_code, UNAUTHORISED)


async def harm(saboteur: Saboteur, company: Company, promises: Promises) -> None:
    """A node is killed, caches flushed, routing service and etcd stopped, all under load."""
    load = Load(company)
    load.start()
    await asyncio.sleep(1)
    await saboteur.kill(company.home_dc, "portal-1")
    await asyncio.sleep(2)
    await asyncio.to_thread(saboteur.flush_caches)
    try:
        went_on = await _written_without_directory(saboteur, load)
    finally:
        await saboteur.start("etcd")
        await saboteur.start("routing")
        healthy = await saboteur.wait_healthy()
        tally = await load.stop()
    promises.check("writes go on with routing and etcd stopped", went_on, kept=went_on > 0)
    promises.check("everything is healthy again", "yes" if healthy else "no", kept=healthy)
    await account.settle(company, tally, promises, "dead node")


async def _written_without_directory(saboteur: Saboteur, load: Load) -> int:
    """Stop routing service and etcd; return how many writes one second brought without them."""
    await saboteur.stop("routing")
    await saboteur.stop("etcd")
    await asyncio.sleep(1)
    before = len(load.tally.acknowledged)
    await asyncio.sleep(1)
    return len(load.tally.acknowledged) - before


async def _imported(company: Company, name: str) -> int:
    content = await asyncio.to_thread((EXAMPLES / name).read_bytes)
    job = await company.ask(
        "POST", "/crm/leads/imports", content=content, headers={"Content-Type": "text/csv"}
    )
    async with asyncio.timeout(IMPORT_SECONDS):
        while job["state"] not in {"done", "failed", "dead"}:
            await asyncio.sleep(0.2)
            job = await company.ask("GET", f"/crm/leads/imports/{job['id']}")
    return int(job["progress"]["created"])


async def _equal_counts(saboteur: Saboteur, sites: Sequence[str], company: Company) -> list[int]:
    """Rows in each database, once they agree or time is up: replication is some milliseconds behind."""
    deadline = time.monotonic() + REPLICATED_SECONDS
    while True:
        counts = [
            int(
                saboteur.query(
                    s, "SELECT COUNT(*) FROM crm_leads WHERE portal_id = %s", company.id
                )[0][0]
            )
            for s in sites
        ]
        if len(set(counts)) == 1 or time.monotonic() > deadline:
            return counts
        await asyncio.sleep(0.1)


def stolen_account(settings: Settings, saboteur: Saboteur, company: Company) -> Account:
    """What somebody would hold who broke into the database and the key that seals its secrets."""
    statement = "SELECT bucket, access_key, secret FROM drive_storage WHERE portal_id = %s"
    bucket, access_key, sealed = saboteur.query(company.home_dc, statement, company.id)[0]
    sealer = Sealer(secrets.load(settings.secrets_dir, "portal")["kek"])
    secret = sealer.open(sealed.decode(), f"portal/{company.id}/storage")
    return Account(bucket.decode(), AccessKey(access_key.decode(), secret))
