"""What the control does not repeat by itself is no difference between the sides."""

from strangler_shadow.observation import Difference, Kind

__all__ = ["Noise", "noise_of", "without_noise"]

Noise = frozenset[tuple[Kind, str]]


def noise_of(differences: list[Difference]) -> Noise:
    """Kinds and paths at which two answers of the control to one call differ."""
    return frozenset((difference.kind, difference.path) for difference in differences)


def without_noise(differences: list[Difference], noise: Noise) -> list[Difference]:
    """The differences that noise does not explain."""
    return [difference for difference in differences if (difference.kind, difference.path) not in noise]
