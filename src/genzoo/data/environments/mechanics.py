"""Motion of small mechanical systems."""

from collections.abc import Callable

State = tuple[float, ...]


def runge_kutta(derivative: Callable[[State], State], state: State, dt: float) -> State:
    """The state after ``dt`` seconds, by one step of the classical method of fourth order.

    Args:
        derivative: of a state by time, in seconds.
        state: plain numbers, which are faster than short arrays.
        dt: in seconds.

    Example:
        >>> [round(x, 6) for x in runge_kutta(lambda s: (s[1], -s[0]), (1.0, 0.0), 0.1)]  # cos, -sin
        [0.995004, -0.099833]
    """
    a = derivative(state)
    b = derivative(tuple(s + dt / 2 * d for s, d in zip(state, a, strict=True)))
    c = derivative(tuple(s + dt / 2 * d for s, d in zip(state, b, strict=True)))
    d = derivative(tuple(s + dt * d for s, d in zip(state, c, strict=True)))
    slopes = zip(state, a, b, c, d, strict=True)
    return tuple(s + dt / 6 * (p + 2 * q + 2 * r + t) for s, p, q, r, t in slopes)
