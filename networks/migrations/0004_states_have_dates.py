from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("networks", "0003_states_with_dates")]
    operations = [
        migrations.AddConstraint(
            model_name='institution',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'unconfirmed'), ('state_since__isnull', False), _connector='OR'), name='institution_state_has_date'),
        ),
    ]
