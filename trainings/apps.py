from django.apps import AppConfig


class TrainingsConfig(AppConfig):
    name = "trainings"
    verbose_name = "培训"

    def ready(self) -> None:
        """Tells the registries which names stand in no text that everybody reads, and lets sessions follow their units."""
        from networks import reorganisation, wording

        from .models import TrainingSession
        from .models.entry import protected_names_in

        wording.register(protected_names_in)
        reorganisation.register(TrainingSession.credit_successor)
