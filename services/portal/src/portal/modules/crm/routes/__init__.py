"""HTTP for the CRM: parse, call one use case, render."""

from portal.modules.crm.routes import contacts, exports, imports, leads, lists

# ``leads`` comes last: its ``/leads/{id}`` would take ``/leads/export`` for itself
routers = (
    lists.router,
    contacts.router,
    exports.router,
    imports.router,
    imports.uploads,
    leads.router,
)
