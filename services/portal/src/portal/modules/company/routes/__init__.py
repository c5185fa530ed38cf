"""HTTP for the company: parse, call one use case, render."""

from portal.modules.company.routes import departments, people, sessions

routers = (people.router, departments.router, sessions.router, *sessions.public_routers)
