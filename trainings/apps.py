from django.apps import AppConfig


class TrainingsConfig(AppConfig):
    name = "trainings"
    verbose_name = "培训"

    def ready(self) -> None:
        """Tells the registries which names stand in no text that everybody reads."""
        from networks import wording

        from .models.entry import protected_names_in

        wording.register(protected_names_in)
