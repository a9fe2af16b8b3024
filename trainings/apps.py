from django.apps import AppConfig


class TrainingsConfig(AppConfig):
    name = "trainings"
    verbose_name = "培训"

    def ready(self) -> None:
        from networks.accounts import register_unfinished

        from .imports import left_with

        register_unfinished(left_with)
