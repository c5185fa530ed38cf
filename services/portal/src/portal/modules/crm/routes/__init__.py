"""HTTP for the CRM: parse, call one use case, render."""

from portal.modules.crm.routes import contacts, exports, fields, imports, leads, lists

# Asked in this order for each request; a lead's id is a number, so ``/leads/export`` is not taken for one
routers = (
    *(leads.router, contacts.router, lists.router, fields.router),
    *(imports.router, imports.uploads, exports.router),
)
