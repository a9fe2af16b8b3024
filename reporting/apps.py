from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "考核与统计"

    def ready(self) -> None:
        """The last of our apps to load: by now every model can be asked for its scope, and the ledger learns of years."""
        from django.db.models.signals import post_migrate

        from networks import reorganisation, tasks
        from networks import years as years_of_units
        from networks.access import verify_declarations
        from networks.views import health
        from trainings import years

        from . import checks  # noqa: F401 — registers itself
        from .guard import after_migrate, state
        from .models import TaskResponsibility
        from .models.plan import clauses_of
        from .years import open_with_defaults, rules_of_year, settled_years

        verify_declarations()
        post_migrate.connect(after_migrate, sender=self)
        years.register(rules_of_year, open_with_defaults)
        years_of_units.register(settled_years)
        tasks.register(clauses_of)
        health.tell("ledger", state)
        reorganisation.register(TaskResponsibility.follow_unit)
