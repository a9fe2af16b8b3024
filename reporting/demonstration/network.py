"""Which institutions the bureau has already looked at, so that coverage says something: most run, the rest is open."""

import datetime
import random

from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from networks.models import Division, Institution, InstitutionState, User

from .script import IDLE_SCHOOLS, MARK, RUNNING_POINTS


def confirm(county: Division, today: datetime.date) -> None:
    """The centre, all schools but two and RUNNING_POINTS teaching points run, since some day of the last years; the same
    for every `today` of a year."""
    chance = random.Random(f"institutions {today.year}")
    found = list(Institution.objects.filter(division__code__startswith=county.pk).order_by("division_id", "pk"))
    of_kind = {kind: [row for row in found if row.kind == kind] for kind in Institution.Kind}
    schools = [row for row in of_kind[Institution.Kind.SCHOOL] if row.division_id not in IDLE_SCHOOLS]
    points = of_kind[Institution.Kind.POINT]
    running = [*of_kind[Institution.Kind.CENTRE], *schools, *chance.sample(points, min(RUNNING_POINTS, len(points)))]
    states = []
    for row in running:
        since = datetime.date(today.year - chance.randint(1, 4), chance.choice([3, 9]), 1)
        row.state, row.state_since = Institution.State.OPEN, since
        states.append(InstitutionState(institution=row, state=row.state, since=since, note=MARK))
    actor = {"default_user": User.objects.get(username="bureau"), "default_change_reason": f"{MARK}：核实机构"}
    bulk_create_with_history(states, InstitutionState, **actor)
    bulk_update_with_history(running, Institution, ["state", "state_since"], **actor)
