"""The compatible methods of people and departments: user.*, profile, access.name, department.*."""

from portal.modules.company.rest import access, changing, departments, looking
from portal.rest.method import Method

METHODS: tuple[Method, ...] = (
    *looking.METHODS,
    *changing.METHODS,
    *access.METHODS,
    *departments.METHODS,
)
