"""课程资源 as its unit keeps it and the centre decides on it (依据 二(四)1). Read in reporting/views/courses.py, where its
figures are."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from networks import uploads
from networks.access import Action, can, kept_or_403, require, visible_or_404
from networks.views.files import hand_out
from networks.views.keeping import keep

from ..course_forms import CourseForm, MaterialForm
from ..models import Course, CourseMaterial
from . import deciding

KEEPERS = require(Action.KEEP_OWN, Action.APPROVE_COURSES)
READ_OR_KEEP = require_http_methods(["GET", "HEAD", "POST"])
CLOSED = "这门课程现在不能修改；要改请先撤回，或请县社区教育中心退回"


@KEEPERS
@READ_OR_KEEP
def new(request: HttpRequest) -> HttpResponse:
    user = request.user
    if not user.own_unit and not can(user, Action.APPROVE_COURSES):
        raise PermissionDenied("您的账号还没有对应的单位，不能登记课程")
    form = CourseForm(request.POST or None, instance=Course(), user=user)
    return keep(
        request,
        form,
        action="登记课程",
        title="登记课程",
        lead="先保存为草稿；加上材料以后提交审定，县社区教育中心审定后居民就能看到。",
        done="已保存为草稿。可以继续添加材料，然后提交审定。",
        back=address,
        template="trainings/courses/form.html",
        crumbs=crumbs(),
    )


@KEEPERS
@READ_OR_KEEP
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _kept(request, pk)
    if not row.can_be_rewritten and request.method != "POST":
        return redirect("course", pk)
    return keep(
        request,
        CourseForm(request.POST or None, instance=row, user=request.user),
        action="修改课程",
        title="修改课程",
        back=address(row),
        template="trainings/courses/form.html",
        crumbs=crumbs(row),
    )


@KEEPERS
@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    return deciding.propose(request, Course.objects, pk, reverse("course", args=[pk]))


@require(Action.APPROVE_COURSES)
@READ_OR_KEEP
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    return deciding.decide(request, Course.objects, pk, reverse("course", args=[pk]), crumbs())


# --- materials -----------------------------------------------------------------------------------------------


@KEEPERS
@READ_OR_KEEP
def material_new(request: HttpRequest, pk: int) -> HttpResponse:
    course = _kept(request, pk)
    if not course.can_be_rewritten and request.method != "POST":
        return redirect("course", pk)
    files = uploads.made_ready(request.FILES)  # before the database is held

    def perform(form: MaterialForm) -> CourseMaterial:
        row, held = form.instance, _open_course(pk)
        if held.materials.count() >= CourseMaterial.MOST:
            raise ValidationError(f"一门课程最多 {CourseMaterial.MOST} 份材料，请先删去不用的")
        if held.materials.filter(title=row.title).exists():
            raise ValidationError(f"这门课程已有一份叫“{row.title}”的材料，请换一个名称")
        if form.cleaned_data["file"]:
            row.attachment = uploads.attach(form.cleaned_data["file"], held.unit.division, request.user, guarded=True)
        row.save()
        return row

    return keep(
        request,
        MaterialForm(request.POST or None, files, instance=CourseMaterial(course=course)),
        action="添加课程材料",
        title="添加材料",
        lead=str(course),
        button="添加",
        done="已添加。",
        back=address(course),
        crumbs=crumbs(course),
        perform=perform,
    )


@KEEPERS
@READ_OR_KEEP
def material_remove(request: HttpRequest, pk: int, material_pk: int) -> HttpResponse:
    course = _kept(request, pk)
    material = _material(request, pk, material_pk)
    if not course.can_be_rewritten and request.method != "POST":
        return redirect("course", pk)

    def perform(form: Form) -> Course:
        held, attachment = _open_course(pk), material.attachment
        material.delete()
        if attachment:
            uploads.detach(attachment)
        return held

    return keep(
        request,
        Form(request.POST if request.method == "POST" else None),
        action="删除课程材料",
        title="删除这份材料",
        lead=f"{course}：{material.get_kind_display()}“{material}”。删除后不能恢复，可以重新添加。",
        button="确认删除",
        done="已删除。",
        back=address(course),
        crumbs=crumbs(course),
        perform=perform,
        detail={"kind": material.kind, "material": material.pk},
    )


@require(Action.VIEW_COURSES)
@require_GET
def material(request: HttpRequest, pk: int, material_pk: int) -> HttpResponse:
    """The file, as a download, for whoever may read the course."""
    visible_or_404(request.user, Course.objects.readable_by(request.user), pk=pk)
    row = _material(request, pk, material_pk)
    if row.attachment is None:
        raise Http404("这份材料不是文件")
    return hand_out(row.attachment.file, content_type=row.attachment.content_type, name=row.attachment.download_name)


def _kept(request: HttpRequest, pk: int) -> Course:
    rows = Course.objects.readable_by(request.user).select_related("unit__division")
    return kept_or_403(request.user, rows, pk=pk)


def _material(request: HttpRequest, pk: int, material_pk: int) -> CourseMaterial:
    rows = CourseMaterial.objects.select_related("attachment")
    return visible_or_404(request.user, rows, pk=material_pk, course_id=pk)


def _open_course(pk: int) -> Course:
    """The course, held so that nobody proposes it meanwhile. Raises ValidationError when it may not be rewritten now."""
    course = Course.objects.select_for_update(of=("self",)).select_related("unit__division").get(pk=pk)
    if not course.can_be_rewritten:
        raise ValidationError(CLOSED)
    return course


def address(row: Course) -> str:
    return reverse("course", args=[row.pk])


def crumbs(row: Course | None = None) -> list[tuple[str, str]]:
    return [("课程库", reverse("course-list")), *([(str(row), address(row))] if row else [])]
