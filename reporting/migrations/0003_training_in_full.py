import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('networks', '0005_rules_of_the_network'),
        ('reporting', '0002_reference_thresholds'),
        ('trainings', '0003_training_in_full'),
    ]

    operations = [
        migrations.CreateModel(
            name='CallSample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2099)], verbose_name='年度')),
                ('seed', models.CharField(max_length=32, verbose_name='种子')),
                ('size', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(200)], verbose_name='抽取场数')),
                ('frame', models.JSONField(verbose_name='抽样范围（场次编号）')),
                ('frame_digest', models.CharField(max_length=64, verbose_name='范围摘要')),
                ('drawn_at', models.DateTimeField(auto_now_add=True, verbose_name='抽样时间')),
                ('county', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='call_samples', to='networks.division', verbose_name='县')),
                ('drawn_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='抽样人')),
            ],
            options={
                'verbose_name': '回访抽样',
                'verbose_name_plural': '回访抽样',
                'ordering': ['-drawn_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('seed', ''), _negated=True), name='call_sample_has_seed'), models.CheckConstraint(condition=models.Q(('size__gte', 1), ('size__lte', 200)), name='call_sample_1_200'), models.CheckConstraint(condition=models.Q(('year__gte', 2000), ('year__lte', 2099)), name='call_sample_year')],
            },
        ),
        migrations.CreateModel(
            name='Call',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='序号')),
                ('outcome', models.CharField(blank=True, choices=[('', '还没有回访'), ('reached', '已接通'), ('unreached', '没有接通')], default='', max_length=10, verbose_name='结果')),
                ('figure_said', models.PositiveIntegerField(blank=True, null=True, verbose_name='对方说的人数')),
                ('figure_held', models.PositiveIntegerField(blank=True, null=True, verbose_name='回访时的登记人次')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('called_at', models.DateTimeField(blank=True, null=True, verbose_name='回访时间')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('called_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='回访人')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='trainings.trainingsession', verbose_name='场次')),
                ('sample', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='reporting.callsample', verbose_name='抽样')),
            ],
            options={
                'verbose_name': '回访',
                'verbose_name_plural': '回访',
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('sample', 'session'), name='call_session_once_per_sample'), models.UniqueConstraint(fields=('sample', 'position'), name='call_position_once_per_sample'), models.CheckConstraint(condition=models.Q(('outcome__in', ['', 'reached', 'unreached'])), name='call_outcome_known'), models.CheckConstraint(condition=models.Q(models.Q(('called_at', None), ('called_by', None), ('figure_held', None), ('outcome', '')), models.Q(models.Q(('outcome', ''), _negated=True), ('called_at__isnull', False), ('called_by__isnull', False)), _connector='OR'), name='call_made_has_caller_and_time'), models.CheckConstraint(condition=models.Q(('figure_said', None), models.Q(('figure_said__lte', 20000), ('outcome', 'reached')), _connector='OR'), name='call_figure_only_when_reached')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalCall',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='序号')),
                ('outcome', models.CharField(blank=True, choices=[('', '还没有回访'), ('reached', '已接通'), ('unreached', '没有接通')], default='', max_length=10, verbose_name='结果')),
                ('figure_said', models.PositiveIntegerField(blank=True, null=True, verbose_name='对方说的人数')),
                ('figure_held', models.PositiveIntegerField(blank=True, null=True, verbose_name='回访时的登记人次')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('called_at', models.DateTimeField(blank=True, null=True, verbose_name='回访时间')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('called_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='回访人')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sample', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='reporting.callsample', verbose_name='抽样')),
                ('session', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.trainingsession', verbose_name='场次')),
            ],
            options={
                'verbose_name': 'historical 回访',
                'verbose_name_plural': 'historical 回访',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name='assessmentyear',
            name='locked_on',
            field=models.DateField(blank=True, editable=False, null=True, verbose_name='锁定定案日期'),
        ),
        migrations.AddField(
            model_name='historicalassessmentyear',
            name='locked_on',
            field=models.DateField(blank=True, editable=False, null=True, verbose_name='锁定定案日期'),
        ),
    ]
