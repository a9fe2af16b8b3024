"""学习超市 and what is told of community education (二(三)2, 三(七)): approved courses, model cases, stars and brands, for everybody."""

from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from networks.views.files import hand_out

from .. import residents
from ..models import Announcement, Audience, Course, CourseMaterial, Story, Theme
from .learn import of_county, page

PER_PAGE = 20
MOST_SESSIONS = 10  # of a course, to come

# What is named to residents: a protected group is no audience that a public page speaks of (个人信息保护法 28).
SPOKEN_OF = Audience.objects.filter(sensitivity__lt=Audience.Sensitivity.HEADCOUNT_ONLY)


class CourseFilter(forms.Form):
    """Query parameters; whatever makes no sense is passed over."""

    theme = forms.ModelChoiceField(Theme.objects.none(), label="想学什么", required=False, empty_label="全部")
    audience = forms.ModelChoiceField(Audience.objects.none(), label="适合谁", required=False, empty_label="全部")

    def __init__(self, data, courses: QuerySet[Course]) -> None:
        super().__init__({name: value[:18] for name, value in data.items() if value.isascii() and value.isdecimal()})
        of_these = courses.order_by()
        self.fields["theme"].queryset = Theme.objects.filter(pk__in=of_these.values("theme"))
        self.fields["audience"].queryset = SPOKEN_OF.filter(pk__in=of_these.values("audiences"))
        self.is_valid()

    def value(self, name: str):
        return self.cleaned_data.get(name)


def _courses(visit: residents.Visit) -> QuerySet[Course]:
    lessons = CourseMaterial.objects.filter(course=OuterRef("pk"), kind=CourseMaterial.Kind.LESSON, is_open=True)
    rows = Course.objects.public().filter(county=visit.county).select_related("unit", "theme", "language")
    audiences = Prefetch("audiences", SPOKEN_OF, to_attr="spoken_of")
    return rows.annotate(is_online=Exists(lessons)).prefetch_related(audiences)


@of_county("learn-courses")
def courses(request: HttpRequest, visit: residents.Visit) -> HttpResponse:
    rows = _courses(visit)
    asked = CourseFilter(request.GET, rows)
    if theme := asked.value("theme"):
        rows = rows.filter(theme=theme)
    if audience := asked.value("audience"):
        rows = rows.filter(audiences=audience)
    rows = rows.order_by("theme__position", "theme", "title", "pk")
    context = {
        "asked": asked,
        "narrowed": bool(theme or audience),
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
    }
    return page(request, "trainings/learn/courses.html", visit, part="learn-courses", **context)


@login_not_required
@require_safe
def course(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Course.objects.public().select_related("unit", "theme", "language", "county"), pk=pk)
    visit = residents.visit(request, row.county)
    told = Announcement.objects.public().filter(session__course=row).between(residents.today()).for_display()
    context = {
        "course": row,
        "audiences": SPOKEN_OF.filter(courses=row),
        "materials": [(material, _web_address(material.link)) for material in row.materials.filter(is_open=True)],
        "sessions": told[:MOST_SESSIONS],
    }
    return page(request, "trainings/learn/course.html", visit, part="learn-courses", **context)


def _web_address(link: str) -> str:
    """The link, if a browser may follow it; the server never does."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return ""
    return link.strip() if parts.scheme in {"http", "https"} and parts.hostname else ""


@login_not_required
@require_safe
def material(request: HttpRequest, pk: int, material_pk: int) -> HttpResponse:
    """A file of a public course that its unit has opened to residents."""
    rows = CourseMaterial.objects.filter(course__in=Course.objects.public(), is_open=True, attachment__isnull=False)
    row = get_object_or_404(rows.select_related("attachment"), course=pk, pk=material_pk)
    return hand_out(row.attachment.file, content_type=row.attachment.content_type, name=row.attachment.download_name)


# --- model cases, stars and brands -----------------------------------------------------------------------


@of_county("learn-stories")
def stories(request: HttpRequest, visit: residents.Visit) -> HttpResponse:
    rows = Story.objects.public().filter(county=visit.county).select_related("unit", "picture")
    kind = request.GET.get("kind", "")
    kind = kind if kind in Story.Kind.values else ""
    kinds = [("", "全部"), *Story.Kind.choices]
    context = {
        "kinds": [(label, visit.query(kind=value) or "?", value == kind) for value, label in kinds],
        "page_obj": Paginator(rows.filter(kind=kind) if kind else rows, PER_PAGE).get_page(request.GET.get("page")),
    }
    return page(request, "trainings/learn/stories.html", visit, part="learn-stories", **context)


@login_not_required
@require_safe
def story(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Story.objects.public().select_related("unit", "county", "picture"), pk=pk)
    visit = residents.visit(request, row.county)
    context = {
        "story": row,
        "sessions": Announcement.objects.public().filter(session__stories=row).for_display()[:MOST_SESSIONS],
    }
    return page(request, "trainings/learn/story.html", visit, part="learn-stories", **context)


@login_not_required
@require_safe
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Story.objects.public().select_related("picture"), pk=pk)
    shown = row.public_picture
    if shown is None:
        raise Http404("没有这张照片，或它没有公开")
    return hand_out(shown.file, content_type=shown.content_type, name=shown.download_name)
