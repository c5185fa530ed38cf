"""What every HTTP service of ours has: problem documents, health, metrics, a tuned server.

``web.app.create`` makes the application, ``web.server.run`` serves it, ``web.internal.guard`` protects
what only our own services may call, ``web.client.address`` tells who really asks.
"""
