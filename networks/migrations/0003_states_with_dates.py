"""运行 and 无活动 were stored as states of an institution; both are 已开办 now, and every state is a dated entry."""

from django.db import migrations
from django.utils import timezone

BATCH = 500
SHOWN = ("running", "idle")  # what an open institution shows by its sessions of the year


def date_the_states(apps, schema_editor):
    """What had no date begins with the day of this upgrade."""
    institution, entry, past = (
        apps.get_model("networks", name).objects.using(schema_editor.connection.alias)
        for name in ("Institution", "InstitutionState", "HistoricalInstitution")
    )
    for rows in (institution, past):
        rows.filter(state__in=SHOWN).update(state="open")
    looked_at = institution.exclude(state="unconfirmed")
    looked_at.filter(state_since=None).update(state_since=timezone.localdate())
    entry.bulk_create(
        (
            entry.model(institution_id=pk, state=state, since=since)
            for pk, state, since in looked_at.values_list("pk", "state", "state_since")
        ),
        batch_size=BATCH,
    )


class Migration(migrations.Migration):
    dependencies = [("networks", "0002_network_in_full")]
    operations = [migrations.RunPython(date_the_states, migrations.RunPython.noop)]
