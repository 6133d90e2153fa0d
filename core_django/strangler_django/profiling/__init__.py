"""Find what an endpoint's queries and time go to, by asking it."""

from strangler_django.profiling.measuring import SIZES, profile_endpoint, profile_request
from strangler_django.profiling.ranking import rank
from strangler_django.profiling.report import EndpointProfile, Finding, Report
from strangler_django.profiling.requests import Ask, UnreadableLine, read_requests
from strangler_django.profiling.running import Project

__all__ = [
    "SIZES",
    "Ask",
    "EndpointProfile",
    "Finding",
    "Project",
    "Report",
    "UnreadableLine",
    "profile_endpoint",
    "profile_request",
    "rank",
    "read_requests",
]
