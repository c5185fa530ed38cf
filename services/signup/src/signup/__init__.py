"""Registers a portal: ``POST /api/v1/signup``.

A sign-up touches five servers, and any of them, or this one, may die half-way. So it is a saga: its state
stands in the claim of the host name, written ahead of each step, and every step can be repeated by any
node. ``routes`` reads the request, ``service`` is the use case, ``saga`` the state, ``steps`` what is done
and how it is undone, ``conductor`` walks through them, ``recovery`` takes over what nobody works on.

We roll forward: the person knows the password just typed, and finding the portal there after an error
is better than finding the name gone. Only what cannot be completed in ten minutes is undone. The route
is published last, so nobody ever sees half a portal.
"""
