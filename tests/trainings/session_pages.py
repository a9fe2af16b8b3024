"""The entry form as a browser sends it, and what its answers say."""

import re

from django.urls import reverse

from trainings.models import Audience, DeliveryForm, Theme


def page(client, name, *args, **query):
    return client.get(reverse(name, args=args), query)


def text_of(response) -> str:
    return response.content.decode()


def token_of(response) -> str:
    return re.search(r'name="token"[^>]*value="([^"]+)"', text_of(response))[1]


def filled(world, **changes):
    """A complete form as a township officer fills it in."""
    elderly = Audience.objects.get(name="老年人").pk
    data = {
        "token": "t" * 32,
        "title": "手机支付与防骗",
        "held_on": f"{world.year}-01-01",
        "place": world.places["新汉村"].pk,
        "venue": "村委会二楼",
        "form": DeliveryForm.objects.get(name="专题讲座").pk,
        "theme": Theme.objects.get(name="现代生活教育").pk,
        "reported_attendance": "45",
        "audiences": [elderly],
        f"audiences_{elderly}": "30",
        "length_unit": "lesson",
    }
    return {k: v for k, v in (data | changes).items() if v is not None}


def errors_of(response) -> dict:
    assert response.status_code == 200, response.status_code
    return {name: list(problems) for name, problems in response.context["form"].errors.items()}


def opened(client, session) -> dict:
    """The form as a browser would send it back unchanged."""
    form = page(client, "session-edit", session.pk).context["form"]
    data = {}
    for name in form.fields:
        value = form[name].value()
        if name == "audiences":
            data["audiences"] = [key for key, _ in value]
            data |= {f"audiences_{key}": number for key, number in value}
        elif value not in (None, "", False):
            data[name] = value
    return data
