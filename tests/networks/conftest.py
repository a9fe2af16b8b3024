import time

import pytest
import time_machine

from networks.models.second_factor import STEP

from .telephone import set_up, sign_in


@pytest.fixture
def clock(standing):
    """Stands still five seconds into a step, after the county was built: what happens here comes last in every history."""
    with time_machine.travel((int(time.time()) // STEP + 2) * STEP + 5, tick=False) as clock:
        yield clock


@pytest.fixture
def bound(world, clock):
    """白山镇's officer with a telephone, a moment later; the browser in which it was bound."""
    here = sign_in()
    phone, codes = set_up(here)
    clock.shift(60)
    return here, phone, codes
