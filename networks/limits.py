"""How often one address may do something on a page that asks for no sign-in (LD-3).

Counted in the cache of each server process, in fixed spans of time: nothing is written to the database, an address is kept
only as a keyed digest and no longer than the span, and a restart forgets it. Several processes multiply the limit; what must
not be guessed is long enough to stand without it (docs/decisions/2026-11-25-limits-of-open-pages.md).
"""

import ipaddress
import time

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from .middleware import client_address


def allowed(what: str, whose: str, *, most: int, seconds: int, by: int = 1) -> bool:
    """Counts `by` more (people, say, where one form brings several); whether it is still within `most` in this span of
    `seconds`."""
    name = _name(what, whose, seconds)
    cache.add(name, 0, seconds)
    try:
        return cache.incr(name, by) <= most
    except ValueError:  # thrown out of a full cache between the two lines
        return True


def address_allowed(request: HttpRequest, what: str, *, most: int, seconds: int, by: int = 1) -> bool:
    return allowed(what, household_of(request), most=most, seconds=seconds, by=by)


def address_used_up(request: HttpRequest, what: str, *, most: int, seconds: int) -> bool:
    """Whether one more would be too many; counts nothing. For what is counted only once it has failed."""
    return cache.get(_name(what, household_of(request), seconds), 0) >= most


def _name(what: str, whose: str, seconds: int) -> str:
    digest = salted_hmac("networks.limits", f"{what}\n{whose}").hexdigest()[:32]
    return f"limit:{digest}:{int(time.time() // seconds)}"


def household_of(request: HttpRequest) -> str:
    """The address under which the client's tries are counted, here and by axes (settings)."""
    return household(client_address(request))


def household(address: str) -> str:
    """The address itself, of IPv6 the first one of its network of 64 bits: a telephone is given a whole network, and would
    otherwise have a new address for every try. What is no address stays as it is."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Address(found.packed[:8] + bytes(8)))
