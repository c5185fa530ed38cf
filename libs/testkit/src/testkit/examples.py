"""Hypothesis on a busy machine: how long it takes to make an example, or to try it, tells nothing there."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy machine")
