"""Looks behind everything, as root of the databases: what is really there, on which server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pymysql
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from cluster import mariadb
from cluster.layout import Layout
from kernel import secrets
from kernel.settings import Site
from laboratory.workloads import bank


@dataclass(frozen=True)
class Found:
    """What one server holds of the workloads."""

    titles: list[tuple[str, str]]
    """``(portal, title)`` of every lead."""
    ids: list[int]
    lists: Mapping[str, list[str]]
    """``portal/lead`` -> the tokens of its comment."""
    transfers: Mapping[str, list[bank.Transfer]]
    balances: Mapping[str, dict[int, int]]


class Databases:
    """Both servers, through their unix sockets: namespaces and cuts do not matter."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def make_tables(self, site: Site) -> None:
        """Make the laboratory's tables, as a migration would: on one side, replicated to the other."""
        password = secrets.load(self._layout.settings.secrets_dir, "mariadb")["migrate_password"]
        connection = pymysql.connect(
            unix_socket=str(mariadb.socket(self._layout, site)),
            user="portico_migrate",
            password=password,
            database="portico",
            autocommit=True,
            read_timeout=30,
        )
        with connection, connection.cursor() as cursor:
            for table in (bank.accounts, bank.marks):
                cursor.execute(
                    str(CreateTable(table, if_not_exists=True).compile(dialect=mysql.dialect()))
                )

    def ask(self, site: Site, statement: str, *arguments: object) -> Sequence[Mapping[str, Any]]:
        """Return the rows of a statement; a server that does not run raises ``pymysql.Error``."""
        with mariadb.session(self._layout, site) as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchall()

    def open_fences(self, site: Site, rows: Sequence[tuple[str, int]]) -> None:
        """Open the fences of portals on one server."""
        with mariadb.session(self._layout, site) as cursor:
            cursor.executemany(
                "INSERT INTO portico_fence.fence (name, epoch, state) VALUES (%s, %s, 'open')", rows
            )

    def found(self, site: Site) -> Found:
        """Read everything that the workloads may have written."""
        leads = self.ask(site, "SELECT id, portal_id, title, comment FROM portico.crm_leads")
        lists = {
            f"{row['portal_id']}/{row['id']}": row["comment"].split()
            for row in leads
            if row["title"].startswith("list of ")
        }
        titles = [
            (str(row["portal_id"]), row["title"])
            for row in leads
            if not row["title"].startswith("list of ")
        ]
        transfers: dict[str, list[bank.Transfer]] = {}
        for row in self.ask(site, "SELECT * FROM portico.laboratory_marks"):
            made = bank.Transfer(row["number"], row["source"], row["target"], row["amount"])
            transfers.setdefault(f"bank/{row['portal_id']}", []).append(made)
        balances: dict[str, dict[int, int]] = {}
        for row in self.ask(site, "SELECT * FROM portico.laboratory_accounts"):
            balances.setdefault(f"bank/{row['portal_id']}", {})[row["account"]] = row["balance"]
        return Found(titles, [row["id"] for row in leads], lists, transfers, balances)

    def checksums(self, site: Site) -> Mapping[str, int]:
        """Return a checksum of each of the tenants' tables; equal rows give equal ones."""
        named = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'portico'"
        tables = sorted(row["name"] for row in self.ask(site, named))
        listed = ", ".join(f"portico.`{name}`" for name in tables)
        return {row["Table"]: row["Checksum"] for row in self.ask(site, f"CHECKSUM TABLE {listed}")}
