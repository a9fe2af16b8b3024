"""Every quota unit's standing in one year: the same figures as the page, from the same calculation."""

import json
import sys
import unicodedata
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from networks import audit
from networks.models import Division, Tier
from reporting.assessment import CountyStanding, NotForLockedYears, Organised, Standing, county_standing
from reporting.exports import Export, csv_text, headline, standing_export, xlsx
from reporting.models import AssessmentYear
from trainings.years import typed_year


class Command(BaseCommand):
    help = "一个年度各责任单位的完成情况，与网页同一口径"
    requires_system_checks = ["disk"]  # the others load every page and screen; migrate, demo and `check` ask for them

    def add_arguments(self, parser):
        parser.add_argument("year", type=typed_year)
        parser.add_argument("--format", choices=["table", "json", "csv", "xlsx"], default="table")
        parser.add_argument("--output", type=Path, help="写入这个文件（xlsx 必须给出）")
        parser.add_argument(
            "--organised",
            choices=Organised.values,
            default=Organised.THEN.value,
            help="then 按当时的机构（默认），now 按现在的机构：更名、合并前的算在现在的单位名下",
        )
        parser.add_argument("--county", help="县的区划代码；只有一个县时可以省略")

    def handle(self, *args, **options):
        year = self.find_year(options["year"], options["county"])
        try:
            county = county_standing(year, organised=options["organised"])
        except NotForLockedYears as refused:
            raise CommandError(str(refused)) from None
        export = standing_export(year, county, organised=options["organised"])
        kind, output = options["format"], options["output"]
        if kind == "xlsx" and not output:
            raise CommandError("工作簿要写入文件：请用 --output 文件名.xlsx 指明")
        if kind == "xlsx":
            content = xlsx(export)
        elif kind == "csv":
            content = csv_text(export).encode("utf-8-sig")  # the mark tells spreadsheets that it is UTF-8
        elif kind == "json":
            content = json.dumps([as_json(s) for s in county.standings], ensure_ascii=False, indent=2).encode()
        else:
            content = table(export, county).encode()
        # Nothing leaves that the log does not keep; a table on the screen is a page looked at. What is printed may wait for a pager,
        # and must not keep others from writing meanwhile.
        with transaction.atomic():
            if output or kind != "table":
                audit.record(
                    "导出完成情况表",
                    actor=None,
                    subject=year,
                    county_code=year.county_id,
                    year=year.year,
                    organised=options["organised"],
                    os_user=audit.os_user(),
                )
            if output:
                try:
                    output.write_bytes(content)
                except OSError:
                    raise CommandError(f"写不了文件 {output}：请检查文件夹是否存在、能否写入") from None
        if output:
            print(f"已写入 {output}", file=sys.stderr)
        else:
            self.stdout.write(content.decode("utf-8-sig"))

    def find_year(self, number: int, county_code: str | None) -> AssessmentYear:
        counties = Division.objects.filter(tier=Tier.COUNTY, assessment_years__isnull=False).distinct()
        if county_code:
            counties = counties.filter(pk=county_code)
        found = list(counties[:2])
        if len(found) > 1:
            raise CommandError("这个系统里有几个县：请用 --county 指明区划代码")
        if not found:
            raise CommandError("没有这个县的考核年度" if county_code else "还没有开设任何考核年度，请先在管理后台开设")
        year = AssessmentYear.objects.filter(county=found[0], year=number).select_related("county").first()
        if year is None:
            years = AssessmentYear.objects.filter(county=found[0]).values_list("year", flat=True)
            raise CommandError(f"没有 {number} 年度；已开设的年度：{'、'.join(map(str, sorted(years)))}")
        return year


def as_json(s: Standing) -> dict[str, object]:
    return {
        "unit": s.unit.name,
        "code": s.unit.code,
        "sessions": s.verified.sessions,
        "attendances": s.verified.attendances,
        "required_sessions": s.required.sessions,
        "required_attendances": s.required.attendances,
        "pending_sessions": s.pending.sessions,
        "pending_attendances": s.pending.attendances,
        "met": s.met,
        "sessions_short": s.short.sessions,
        "attendances_short": s.short.attendances,
        "forecast": s.forecast.value,
    }


def table(export: Export, county: CountyStanding) -> str:
    """The figures in columns that line up on a terminal, where a Chinese character is two columns wide."""
    rows = [[column.label for column in export.columns[1:-1]]]
    rows += [[str(value) for value in row[1:-1]] for row in export.rows()]
    widths = [max(_width(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [export.title, f"{export.date_line}    {headline(county)}", ""]
    for row in rows:
        cells = [
            " " * (width - _width(text)) + text if 0 < at < 9 else text + " " * (width - _width(text))
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
