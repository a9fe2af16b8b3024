"""The product's settings for a site that tests look at: passwords are checked as quickly as in all other tests, and the tables come
straight from the models, for to migrate takes half a minute (that both come to the same is IN-9)."""

import pytest  # noqa: F401 - by this the settings know that these are tests

from mashan_edu.settings import *  # noqa: F403
from mashan_edu.settings import INSTALLED_APPS

MIGRATION_MODULES = {name.rpartition(".")[2]: None for name in INSTALLED_APPS} | {"admin": None}
