"""Words that several of the readers of this package know, and how spans meet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.text.token import stem

ONES = {
    w: i
    for i, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
TENS = {w: 10 * i for i, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
ORDINALS = {
    w: i
    for i, w in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
}
CARDINAL = "|".join([*ONES, *TENS])
IRREGULAR_PLURALS = frozenset(
    "people men women children police feet cattle staff crew personnel dead wounded injured".split()
)
PEOPLE = frozenset(
    word if word in IRREGULAR_PLURALS else stem(word)
    for word in """people person passenger visitor resident worker employee victim civilian soldier troop protester player man men woman
    women child children student pupil patient tourist fan migrant refugee villager guest customer voter member staff crew
    dead killed injured wounded casualty holidaymaker supporter demonstrator officer inhabitant miner spectator participant
    volunteer adult subscriber client user neighbour colleague citizen evacuee survivor police fatality death hostage
    prisoner inmate firefighter nurse doctor teacher driver""".split()
)
FOLLOWING = re.compile(r"[\s-]+([^\W\d_]+)")
IN_A_YEAR = frozenset(
    "in since by until till from during before after late early mid of and summer winter spring autumn to".split()
)
OPENERS = frozenset(
    """the a an he she it they we i you this that these those but and in on at for his her its their there when while
    after before as if with however meanwhile what who how why according also so not no yes my our""".split()
)


def overlaps(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(s < end and start < e for s, e in spans)
