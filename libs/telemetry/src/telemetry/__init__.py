"""Logs and metrics, named one way everywhere.

``telemetry.logs`` writes JSON lines with the bound context (portal, request); ``telemetry.metrics`` holds
the metrics every HTTP service has. Other metrics stand beside the code they measure.
"""
