"""What a plan allows to integrations."""

from portal.ddl import run_beside

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
