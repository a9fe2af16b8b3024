from django.apps import AppConfig


class NetworksConfig(AppConfig):
    name = "networks"
    verbose_name = "网络与账号"

    def ready(self) -> None:
        from . import checks  # noqa: F401 — registers itself
