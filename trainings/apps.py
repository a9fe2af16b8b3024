from django.apps import AppConfig


class TrainingsConfig(AppConfig):
    name = "trainings"
    verbose_name = "培训"

    def ready(self) -> None:
        """Sessions follow the units that held them (see networks/reorganisation.py)."""
        from networks import reorganisation

        from .models import TrainingSession

        reorganisation.register(TrainingSession.credit_successor)
