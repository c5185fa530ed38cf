"""The compatible methods of the CRM: ``crm.*``, compatible with the Bitrix24 REST API."""

from portal.modules.crm.rest import (
    currencies,
    duplicates,
    enums,
    leads,
    statuses,
    userfields,
)
from portal.rest.method import Method

METHODS: tuple[Method, ...] = (
    *leads.METHODS,
    *userfields.METHODS,
    *statuses.METHODS,
    *enums.METHODS,
    *duplicates.METHODS,
    *currencies.METHODS,
)
