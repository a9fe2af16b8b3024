"""Names of one kind of thing, looked up the way clerks write them, and the nearest known ones for what is not among them."""

import difflib
from collections import defaultdict
from functools import lru_cache

from networks.names import match_key

from .problems import ValueProblem

MOST_SUGGESTIONS = 200  # comparing is slow (milliseconds); a file with more unknown names has the wrong columns anyway

SHORT_LIST = 30  # as many names as a message can still list whole
VOCABULARY_SIZE = 200  # up to here any unknown name is told the nearest known ones, however far they are


class Names:
    """Names of one kind: {key: the different things called so}, with suggestions for what is not among them."""

    def __init__(self, kind, *, absent="{kind}里没有“{text}”"):
        self.kind = kind  # 主题类别, 举办地, …: what a message calls them
        self.absent = absent  # how it says that a name is not among them
        self.things = defaultdict(list)
        self.labels = {}  # key → the name as it is shown
        self._suggested = {}

    def add(self, name, thing, label=None):
        """`label` is how a suggestion writes the name; "" keeps a mere variant out of the suggestions."""
        key = name_key(name)
        if key and thing not in self.things[key]:
            self.things[key].append(thing)
            if label != "":
                self.labels.setdefault(key, label or name)

    def find(self, text):
        """All things of this name; empty for an unknown one."""
        return self.things.get(name_key(text), [])

    def unknown(self, text):
        nearest = self.nearest(text)
        if nearest:
            known = f"，相近的有：{'、'.join(nearest)}"
        elif len(self.labels) <= SHORT_LIST:
            known = f"，可选的有：{'、'.join(self.labels.values())}"
        else:
            known = ""
        absent = self.absent.format(kind=self.kind, text=text[:60])
        return ValueProblem("unknown", f"{absent}{known}。请改成已有的名称")

    def nearest(self, text, most=3):
        """The known names most like `text`; among equals those that begin like it (新汉村 before 民新村 for 新汗村). In a
        vocabulary that is too long to list, the nearest ones even where none is alike (程序员)."""
        key = name_key(text)[:60]
        if key not in self._suggested:
            if len(self._suggested) >= MOST_SUGGESTIONS:
                return self._sharing(key, most)
            keys = difflib.get_close_matches(key, self.labels, n=24, cutoff=0.5)
            alike = {k: difflib.SequenceMatcher(None, key, k).ratio() for k in keys}
            keys.sort(key=lambda k: (-alike[k], k[:1] != key[:1], k))
            alike = list(dict.fromkeys(self.labels[k] for k in keys))[:most]
            self._suggested[key] = alike or self._sharing(key, most)
        return self._suggested[key]

    def _sharing(self, key, most):
        """The names that share most of their characters with `key`: quickly found, but only in a vocabulary."""
        if not SHORT_LIST < len(self.labels) <= VOCABULARY_SIZE:
            return []
        characters = set(key)
        keys = sorted(self.labels, key=lambda k: -len(characters & set(k)) / len(k))
        return list(dict.fromkeys(self.labels[k] for k in keys))[:most]

    def only(self, text, describe):
        """The one thing of this name; `describe` tells several apart in the message. Raises ValueProblem."""
        found = self.find(text)
        if not found:
            raise self.unknown(text)
        if len(found) > 1:
            raise ValueProblem("ambiguous", f"“{text}”不止一个：{'、'.join(map(describe, found))}。请写清是哪一个")
        return found[0]


@lru_cache(maxsize=8192)  # a ledger repeats the same few names on every row
def name_key(text):
    """`match_key`, with straight and curved quotation marks alike (“两后生”)."""
    return match_key(text).translate(_QUOTES)


_QUOTES = str.maketrans("“”„‟‘’", '""""\'\'')


def add_places(names, places, former=()):
    """Adds to `names` all ways of writing the divisions `places` {code: division}. Places that no longer exist, and the
    `former` names of those that do, keep their names for old papers, unless a present one bears the name."""
    for place in sorted(places.values(), key=lambda place: place.retired_on is not None):
        above = places.get(place.parent_id)
        if above:
            place.parent = above  # known already; saves a query per village when its path is written
        for name in _place_names(place, above, places):
            if place.retired_on is None or not names.find(name):
                names.add(name, place, place.path if name in (place.short_name, place.path) else "")
    for once in former:
        place = places[once.division_id]
        for name in _place_names(once, places.get(place.parent_id), places):
            if not names.find(name):
                names.add(name, place, "")


def _place_names(place, above, places):
    """新汉村, 新汉村委会, 白山镇/新汉村, 白山镇新汉村, 马山县白山镇 …: full or short, with or without what it lies in."""
    for name in dict.fromkeys((place.short_name, place.name)):
        yield name
        prefixes = [place.short_name for place in (above, above and places.get(above.parent_id)) if place]
        for depth in range(1, len(prefixes) + 1):
            for between in ("/", ""):
                yield between.join([*reversed(prefixes[:depth]), name])
