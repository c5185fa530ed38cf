"""The status as a web page: HTML, CSS and JavaScript of our own, no other host, no build step.

It shows what ``/v1/status`` says and nothing else: no secret, no portal's name. ``history`` keeps a quarter
of an hour for its plots, so that who opens the page in trouble sees how it began.
"""
