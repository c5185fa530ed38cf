"""What the operator does to a portal's plan: plans are rows, and a limit that is NULL is none."""

import pymysql

from kernel import secrets
from kernel.settings import Settings

UNLIMITED = "unlimited"


def lift_limits(settings: Settings, portal: int, owner: str) -> None:
    """Give a portal, whose owner is the named datacentre, a plan without limits. Before its first use."""
    connection = pymysql.connect(
        host=settings.site(owner).address,
        port=settings.ports.mariadb,
        user="portico_app",
        password=secrets.load(settings.secrets_dir, "portal")["db_password"],
        database="portico",
        connect_timeout=5,
        read_timeout=10,
    )
    plan = "INSERT IGNORE INTO plans (code, position, price, currency) VALUES (%s, 9, 0, 'RUB')"
    with connection, connection.cursor() as cursor:
        cursor.execute(plan, (UNLIMITED,))
        cursor.execute("UPDATE licences SET plan = %s WHERE portal_id = %s", (UNLIMITED, portal))
        connection.commit()
