"""A share that was measured on a sample, and how far the truth may lie from it."""

import math

Z_95 = 1.959964
"""The two-sided 95 % point of the normal distribution."""


def interval(hits: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score: from nothing measured it reaches from 0 to 1.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).
    """
    if total == 0:
        return 0.0, 1.0
    share, square = hits / total, Z_95 * Z_95
    middle = share + square / (2 * total)
    spread = Z_95 * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    scale = 1 + square / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
