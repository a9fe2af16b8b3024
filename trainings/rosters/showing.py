"""A roster as an account may see it. Page, export and hints read names through here and nowhere else (AC-6)."""

from collections.abc import Iterable
from dataclasses import dataclass

from networks.access import own_roster
from networks.models import User

from ..models import RosterLine, TrainingSession
from ..models.rosters import masked_name


@dataclass(frozen=True)
class Shown:
    """One line. `tail` is '' where the name is masked: name and tail together say who it is."""

    pk: int
    number: int
    name: str
    masked: bool
    sex: str
    age: str
    home: str
    tail: str
    source: str
    identity: str


class Veil:
    """What of a session's roster this account reads: everything masked, or with names. A minor outside the own unit stays
    masked by any road, and so does whoever may be one because no age was told (PI-3; 未成年人网络保护条例 36)."""

    MAY_BE_MINOR = ("", RosterLine.AgeBand.MINOR)

    def __init__(self, user: User, session: TrainingSession, *, names: bool) -> None:
        self.names, self.own = names, own_roster(user, session)

    def masks(self, line: RosterLine) -> bool:
        return not self.names or (line.age_band in self.MAY_BE_MINOR and not self.own)

    def shown(self, lines: Iterable[RosterLine], first: int = 1) -> list[Shown]:
        """Lines that know their `home__parent`, numbered from `first`."""
        return [self._line(line, number) for number, line in enumerate(lines, start=first)]

    def _line(self, line: RosterLine, number: int) -> Shown:
        masked = self.masks(line)
        return Shown(
            pk=line.pk,
            number=number,
            name=masked_name(line.name) if masked else line.name,
            masked=masked,
            sex=line.get_sex_display(),
            age=line.get_age_band_display(),
            home=line.home.path if line.home else "",
            tail="" if masked else line.phone_tail,
            source=line.get_source_display(),
            identity=line.identity,
        )


def lines_of(session: TrainingSession, user: User):
    """The session's lines that this account may see at all, masked or not."""
    return RosterLine.objects.visible_to(user).filter(session=session).select_related("home__parent").order_by("pk")
