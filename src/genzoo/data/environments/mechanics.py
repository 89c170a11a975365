"""Numerical integration for small mechanical systems."""

from collections.abc import Callable

State = tuple[float, ...]


def runge_kutta(derivative: Callable[[State], State], state: State, dt: float) -> State:
    """Returns the state after ``dt`` seconds, by one step of the classical fourth-order Runge-Kutta method.

    Args:
        derivative: state -> its time derivative, per second.
        state: Python floats, which are faster than short arrays.
        dt: step size in seconds.

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
