"""学习地图, for residents without account."""

from django.http import HttpRequest, HttpResponse

from trainings.residents import Visit, today
from trainings.views.learn import of_county, page

from ..learning_map import learning_map


@of_county("learn-map")
def shown(request: HttpRequest, visit: Visit) -> HttpResponse:
    found = learning_map(visit, today())
    return page(request, "reporting/learn_map.html", visit, part="learn-map", map=found, towns=visit.towns())
