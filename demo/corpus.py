"""A few hundred sentences of varying length, made from small parts; the same every time."""

from __future__ import annotations

import itertools

SUBJECTS = [
    "The night train to Lisbon", "A retired lighthouse keeper", "Our neighbour's bakery",
    "The museum of natural history", "A young violin maker", "The harbour ferry",
    "A team of marine biologists", "The village library", "An old stone bridge",
    "The mountain rescue service",
]  # fmt: skip
PREDICATES = [
    "was late again", "opened its doors to visitors for the first time in ten years",
    "found a way to repair what everybody had given up on", "needs more volunteers",
    "keeps a careful record of the weather", "lost its funding",
    "taught the children how to read the tides",
    "won a prize for the patient restoration of its oldest and most fragile pieces",
]  # fmt: skip
CIRCUMSTANCES = [
    "", "after a long winter", "because the storm had washed away the road",
    "while the rest of the town was asleep and only the lamps along the quay were still burning",
    "although hardly anybody had believed that it could be done with so little money and time",
]  # fmt: skip

QUERY = "Who looks after people that get lost while hiking in the mountains?"


def sentences() -> list[str]:
    """400 sentences of about 5 to 35 words."""
    return [
        " ".join(part for part in parts if part) + "."
        for parts in itertools.product(SUBJECTS, PREDICATES, CIRCUMSTANCES)
    ]
