"""Load and measurements against a running cluster: scenarios for locust, benchmarks beside their floors."""
