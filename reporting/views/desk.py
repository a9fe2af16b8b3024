"""`/`: everybody's first page, by what they may do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from networks import backup_record
from networks.access import Action, can

from ..closing import safeguards
from ..desk import bureau_desk, current_year, unit_desk


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    user = request.user
    if can(user, Action.REVIEW):
        return render(request, "reporting/desk_bureau.html", {"desk": bureau_desk(user)})
    if can(user, Action.ENTER):
        return render(request, "reporting/desk_officer.html", {"desk": unit_desk(user), "unit": user.own_unit})
    if can(user, Action.VIEW_LOGS):
        return render(request, "reporting/desk_auditor.html", {"year": current_year(user), "wrong": list(safeguards())})
    if can(user, Action.VIEW_COUNTY):
        return redirect("dashboard-now")
    if can(user, Action.VIEW_STANDING):
        return render(request, "reporting/desk_head.html", {"desk": unit_desk(user), "unit": user.own_unit})
    if can(user, Action.MANAGE_ACCOUNTS):
        alarms = {"wrong": list(safeguards()), "watch": backup_record.watch()}
        return render(request, "reporting/desk_operator.html", alarms)
    return render(request, "reporting/desk_nothing.html")
