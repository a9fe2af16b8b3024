"""Samples of the network: places, institutions, people, shared resources, changes over time."""

import datetime

from django.core.files.uploadedfile import SimpleUploadedFile

from networks.models import (
    AnnualFigure,
    Appointment,
    Attachment,
    AwarenessSurvey,
    CountySettings,
    Fund,
    Institution,
    LeadingGroup,
    LearningGroup,
    MemberUnit,
    Person,
    Provider,
    Reorganisation,
    Seat,
    SeatHolder,
    ServiceRecord,
    UnitSuccession,
    Zone,
    ZoneCheck,
)
from networks.reorganisation import rename_unit

from ..makers import a_project, answer_for, open_place


class NetworkSamples:
    def _network(self, whose: str, place, officer) -> None:
        file = SimpleUploadedFile("牌子.pdf", b"%PDF-1.4")
        row = Attachment.objects.create(
            place=place, file=file, name="牌子.pdf", content_type="application/pdf", uploaded_by=officer
        )
        self.kwargs[f"{whose}.attachment"] = {"pk": row.pk}
        self.kwargs[f"{whose}.institution"] = {"pk": Institution.objects.get(division=place).pk}
        self.kwargs[f"{whose}.place"] = {"code": int(place.pk)}

    def _people(self, whose: str, unit) -> None:
        """A helper with hours, and a leading group with a held seat."""
        person = Person.objects.create(county_id=unit.county_id, name=f"{whose}的志愿者", phone="13800000000")
        school = Institution.objects.get(division=unit.division)
        helping = Appointment.objects.create(person=person, institution=school, function="volunteer")
        hours = ServiceRecord.objects.create(
            appointment=helping, held_on=datetime.date(self.w.year, 1, 1), hours=2, what="书法辅导"
        )
        group = LeadingGroup.objects.create(division=unit.division, name=f"{whose}的领导小组")
        seat = Seat.objects.create(group=group, rank="head", post="镇长", unit=unit, position=1)
        holder = SeatHolder.objects.create(seat=seat, person=person)
        rows = {
            "person": person,
            "appointment": helping,
            "hours": hours,
            "group": group,
            "seat": seat,
            "holder": holder,
        }
        self.kwargs |= {f"{whose}.{name}": {"pk": row.pk} for name, row in rows.items()}

    def _sharing(self) -> None:
        """A learning group, an open school, a provider and a project of each township, and what the culture department
        keeps, with the tasks for which they answer."""
        w = self.w
        for whose, unit in {"ours": w.ours, "theirs": w.theirs, "foreign": w.foreign}.items():
            answer_for(unit, "二(二)1", "二(二)3")
            place = {"division": unit.division, "unit": unit}
            group = LearningGroup.objects.create(kind="team", name=f"{whose}山歌队", **place)
            school = open_place(kind="school", name=f"{whose}小学", **place)
            provider = Provider.objects.create(kind="arts", name=f"{whose}艺术团", offers="会鼓老师", **place)
            project = a_project(kind="other", title=f"{whose}项目", provider=provider, **place)
            rows = {"community": group, "resource": school, "provider": provider, "project": project}
            self.kwargs |= {f"{whose}.{kind}": {"pk": row.pk} for kind, row in rows.items()}
        answer_for(w.wxgtj, "二(二)2")
        culture = {"division": w.places["白山镇"], "unit": w.wxgtj}
        self.kwargs["culture.resource"] = {"pk": open_place(kind="station", name="白山镇文化站", **culture).pk}
        self.kwargs["culture.project"] = {"pk": a_project(kind="treasures", title="三宝进社区", **culture).pk}

    def _figures_and_zone(self, whose: str, place) -> None:
        year = self.w.year
        AnnualFigure.objects.create(division=place, year=year, kind="elderly", value=700, source=f"{whose}的统计年报")
        Fund.objects.create(
            division=place, year=year, source="public", budgeted=12000, paid=8000, note=f"{whose}的经费"
        )
        survey = AwarenessSurvey.objects.create(
            division=place, year=year, method="door", asked=50, aware=41, source=f"{whose}的入户调查"
        )
        self.kwargs[f"{whose}.survey"] = {"pk": survey.pk}
        self.kwargs[f"{whose}.figures"] = {"year": year, "code": place.pk}
        zone = Zone.objects.create(
            division=place, kind="experimental", starts_on=datetime.date(2019, 2, 2), basis="马政办发〔2019〕2号"
        )
        ZoneCheck.objects.create(
            zone=zone, year=year, heading="system", rating="built", text=f"{whose}的做法", evidence="照片"
        )
        self.kwargs[f"{whose}.zone"] = {"pk": zone.pk}
        self.kwargs[f"{whose}.check"] = {"pk": zone.pk, "year": year}

    def _changes(self) -> None:
        """A published notice of ours, and one change over time in each county."""
        w = self.w
        CountySettings.objects.filter(pk=w.county.pk).update(privacy_notice="告知", privacy_published_on=w.today)
        self.kwargs |= {"ours.county": {"county": w.county.pk}, "foreign.county": {"county": w.other_county.pk}}
        new_ones = []
        for county, name in [(w.county, "旧局"), (w.other_county, "外县旧局")]:
            old, new = (
                MemberUnit.objects.create(
                    county=county, code=code, name=f"{name}{code}", kind="other", division=county, position=90
                )
                for code in ("old", "new")
            )
            new_ones.append(new)
            UnitSuccession.objects.create(old=old, new=new, on=datetime.date(2020, 5, 1), change="split")
        for whose, unit, actor in [("ours", new_ones[0], w.bureau), ("foreign", new_ones[1], w.foreign_bureau)]:
            rename_unit(unit, name="改错的局", code="wrong", on=datetime.date(2021, 5, 1), basis="", actor=actor)
            self.kwargs[f"{whose}.change"] = {"pk": Reorganisation.objects.latest("pk").pk}
