"""Settles the account of a load: was anything lost, doubled, refused."""

from console.demo.company import Company
from console.demo.load import Tally
from console.demo.promises import Promises

# six writers and two readers: who died held one request of each at the most
HELD_AT_MOST = 8


async def settle(company: Company, tally: Tally, promises: Promises, died: str) -> None:
    """Compare what was acknowledged with what is there now; ``died`` held some requests."""
    present = await _all_leads(company)
    titles = list(present.values())
    lost = [t for t, i in tally.acknowledged.items() if present.get(i) != t]
    ours = [t for t in titles if t in tally.attempted]
    acknowledged = len(tally.acknowledged)
    promises.check(
        "no acknowledged write lost",
        f"{len(lost)} of {acknowledged}",
        kept=not lost and acknowledged > 0,
    )
    promises.equal("no write twice", len(ours) - len(set(ours)), 0)
    promises.equal("no session lost", tally.sessions_lost, 0)
    promises.equal("no failed request when repeated", len(tally.given_up), 0)
    failures = tally.first_try_failures
    promises.check(
        f"failed at the first try: at most those the {died} held",
        f"{len(failures)} {sorted(set(failures)) or ''}; longest wait {tally.longest_seconds:.2f} s",
        kept=len(failures) <= HELD_AT_MOST,
    )


async def _all_leads(company: Company) -> dict[int, str]:
    found: dict[int, str] = {}
    params: dict[str, str] = {"limit": "200", "order": "-id"}
    while True:
        page = await company.ask("GET", "/crm/leads", params=params)
        found |= {lead["id"]: lead["title"] for lead in page["items"]}
        if page["next"] is None:
            return found
        params["cursor"] = page["next"]
