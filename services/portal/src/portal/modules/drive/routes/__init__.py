"""HTTP for the drive: parse, call one use case, render.

``files`` and ``uploads`` answer with JSON; ``contents`` and ``parts`` move bytes.
"""

from portal.modules.drive.routes import contents, files, parts, uploads

routers = (files.router, contents.router, uploads.router, uploads.slow_router, parts.router)
