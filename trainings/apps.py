from django.apps import AppConfig


class TrainingsConfig(AppConfig):
    name = "trainings"
    verbose_name = "培训"

    def ready(self) -> None:
        """Tells the network, which knows nothing of sessions, what it has to ask about them: which names stand in no text
        that everybody reads, how sessions follow their units, and what an account leaves unfinished."""
        from networks import accounts, reorganisation, wording

        from .imports import left_with
        from .models import TrainingSession
        from .models.entry import protected_names_in

        wording.register(protected_names_in)
        reorganisation.register(TrainingSession.credit_successor)
        accounts.register_unfinished(left_with)
