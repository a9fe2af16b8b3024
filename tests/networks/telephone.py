"""A telephone with codes, as its owner holds it: shared by the tests of the second factor and of guessing."""

import re
import time

import pyotp
from django.test import Client

from networks.models.second_factor import secret_of
from networks.views.second_factor import SEED

PASSWORD, NEW = "Correct-Horse-7", "Brave-Otter-88"
SET_UP, CODE = "/accounts/me/second-factor/set-up/", "/login/code/"


def sign_in(username="town", client=None, **extra):
    client = client or Client()
    client.post("/login/", {"username": username, "password": PASSWORD}, **extra)
    return client


def signed_in(client):
    return client.get("/accounts/me/").status_code == 200


def set_up(client):
    """The telephone is bound as its owner would; its codes, and the recovery codes."""
    client.get(SET_UP)
    phone = pyotp.TOTP(secret_of(client.session[SEED]))
    page = client.post(SET_UP, {"code": phone.at(int(time.time()))}).content.decode()
    return phone, re.findall(r"<code>([a-z0-9-]{17})</code>", page)


def at(phone, seconds=0):
    return phone.at(int(time.time()) + seconds)
