"""The phases of boosting: for each member of the mixture a classifier's rounds, then the member's own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from genzoo.core.checks import check_positive


class Phase(NamedTuple):
    """A round's place in its phase.

    Args:
        member: number of the member that is being added, from 0; the number of members after the last one.
        kind: ``"classifier"``, ``"component"``, or ``"finished"`` after the last member.
        past: number of past rounds of the phase.
        rounds: number of rounds of the phase.
    """

    member: int
    kind: str
    past: int
    rounds: int


@dataclass(frozen=True)
class Phases:
    """The phase of each round; the first member has no classifier.

    Args:
        components: number of members.
        component_rounds: rounds that each member is trained for.
        classifier_rounds: rounds that the classifier is trained for before each member but the first.

    Raises:
        GenzooError: a number is not positive.

    Example:
        >>> phases = Phases(components=2, component_rounds=3, classifier_rounds=2)
        >>> [phases.at(round).kind for round in (0, 2, 3, 4, 5, 7, 8)]
        ['component', 'component', 'classifier', 'classifier', 'component', 'component', 'finished']
        >>> phases.at(6)
        Phase(member=1, kind='component', past=1, rounds=3)
    """

    components: int
    component_rounds: int
    classifier_rounds: int

    def __post_init__(self) -> None:
        for key in ("components", "component_rounds", "classifier_rounds"):
            check_positive(f"model.{key}", getattr(self, key))

    @property
    def rounds(self) -> int:
        """Number of rounds until the last member is finished."""
        return self.components * (self.component_rounds + self.classifier_rounds) - self.classifier_rounds

    def at(self, round: int) -> Phase:
        """The phase of the round that follows ``round`` completed ones."""
        member, past = divmod(round + self.classifier_rounds, self.component_rounds + self.classifier_rounds)
        if member >= self.components:
            return Phase(self.components, "finished", round - self.rounds, 0)
        if past < self.classifier_rounds:
            return Phase(member, "classifier", past, self.classifier_rounds)
        return Phase(member, "component", past - self.classifier_rounds, self.component_rounds)

    # Numbers of repeats of a turn, as functions of the round.

    def begins(self, kind: str, first: int) -> Callable[[int], int]:
        """1 in the first round of each phase of this kind, from that of the member number ``first`` on."""

        def repeats(round: int) -> int:
            at = self.at(round)
            return int(at.kind == kind and at.past == 0 and at.member >= first)

        return repeats

    def ends(self, kind: str) -> Callable[[int], int]:
        """1 in the last round of each phase of this kind."""

        def repeats(round: int) -> int:
            at = self.at(round)
            return int(at.kind == kind and at.past == at.rounds - 1)

        return repeats

    def during(self, kind: str, repeats_in: Callable[[int], int]) -> Callable[[int], int]:
        """``repeats_in`` of the past rounds of the phase, in phases of this kind."""

        def repeats(round: int) -> int:
            at = self.at(round)
            return repeats_in(at.past) if at.kind == kind else 0

        return repeats
