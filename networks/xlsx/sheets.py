"""What stands around the table on every clerk's sheet: merged cells, the wording of headers, sums, notes and signatures."""

import re
from bisect import bisect_right

from .values import ascii_punctuation

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")


def header_key(text):
    """The form in which headers are compared: NFKC, without spaces, asterisks and bracketed units (人数（人））."""
    return _BRACKETS.sub("", ascii_punctuation(text)).replace("*", "")


# --- rows that are no data ---------------------------------------------------------------------------

TOTAL = re.compile(r"(?:\S{0,12}?)(合计|小计|总计|共计|累计)(?:数|人数|人次|场次)?(?:[:(,，、].*)?")
NOTE = re.compile(r"(?:注|备注|说明|附注|填表说明|填报说明|填写说明)\d{0,2}[:.、]|※|\*|注意[:事]")
_SIGNER = "填表|制表|填报|填写|报送|审核|审批|复核|负责|经办|联系|分管|主管|主要领导|统计|校对"
# 填表人：韦某 · 单位负责人（签字）： · 报送时间： · （单位盖章） · 经办人 · 年 月 日; compared without spaces.
SIGNATURE = re.compile(
    rf"[^:]{{0,8}}(?:{_SIGNER}|领导|盖章|公章|签章|签字|签名|日期|时间)[^:]{{0,8}}:.*"
    rf"|[^:]{{0,12}}\(?(?:盖章|公章|签章|签字|签名)\)?"
    rf"|(?:{_SIGNER})(?:人|员|单位|领导)"
    r"|(?:20[0-9]{2})?年月日"
)


# --- merged cells ------------------------------------------------------------------------------------


class Merges:
    """Which cells are covered by which merge. Looked up, not spread out: one merge may cover 100,000 cells."""

    def __init__(self, merges):
        self._by_column = {}
        self._boxes = sorted(merges)
        self._widths = {}
        for top, left, bottom, right in self._boxes:
            self._widths[top, left] = right - left + 1
            if bottom > top:
                self._by_column.setdefault(left, []).append((top, bottom))

    def above(self, row, column):
        """The first row of a merge that covers (row, column) from above in its leftmost column, or None."""
        spans = self._by_column.get(column)
        if spans:
            at = bisect_right(spans, (row, -1)) - 1  # the last span that starts above the row
            if at >= 0 and spans[at][0] < row <= spans[at][1]:
                return spans[at][0]
        return None

    def columns_with_spans(self):
        return self._by_column.keys()

    def anchor(self, row, column):
        for top, left, bottom, right in self._boxes:
            if top <= row <= bottom and left <= column <= right:
                return top, left
        return row, column

    def across(self, row, column):
        """How many columns the merge that begins at (row, column) spans; 1 without one."""
        return self._widths.get((row, column), 1)
