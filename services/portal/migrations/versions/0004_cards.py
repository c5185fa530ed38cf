"""CRM: more ways to reach a lead, custom fields, what integrations write."""

from portal.ddl import run_beside

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
