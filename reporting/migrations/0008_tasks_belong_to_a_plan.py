import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reporting", "0007_tasks_of_the_founding_plan")]

    operations = [
        migrations.RemoveConstraint(model_name="plantask", name="one_task_per_clause"),
        migrations.RemoveField(model_name="plantask", name="county"),
        migrations.RemoveField(model_name="historicalplantask", name="county"),
        migrations.AlterField(
            model_name="plantask",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tasks",
                to="reporting.plan",
                verbose_name="方案",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantask",
            constraint=models.UniqueConstraint(fields=("plan", "clause"), name="one_task_per_clause"),
        ),
    ]
