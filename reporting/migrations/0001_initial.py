import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('networks', '0001_initial'),
        ('trainings', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AssessmentYear',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2099)], verbose_name='年度')),
                ('status', models.CharField(choices=[('open', '进行中'), ('locked', '锁定定案'), ('previewed', '反馈期'), ('published', '已通报')], default='open', editable=False, max_length=10, verbose_name='状态')),
                ('basis_title', models.CharField(max_length=120, verbose_name='依据（文件名）')),
                ('basis_number', models.CharField(blank=True, max_length=60, verbose_name='依据（文号）')),
                ('basis_clause', models.CharField(blank=True, max_length=30, verbose_name='依据（条款）')),
                ('required_sessions', models.PositiveSmallIntegerField(default=4, verbose_name='应完成场次')),
                ('required_attendances', models.PositiveIntegerField(default=400, verbose_name='应完成人次')),
                ('class_counts', models.CharField(choices=[('once', '连续几天的培训班算一场'), ('daily', '连续几天的培训班每天算一场')], default='once', max_length=6, verbose_name='培训班的算法')),
                ('joint_credit', models.CharField(choices=[('lead', '只计主办单位'), ('each', '主办单位和已确认的协办单位各计一次')], default='lead', max_length=6, verbose_name='联合举办的算法')),
                ('minimum_minutes', models.PositiveSmallIntegerField(blank=True, help_text='留空则不限', null=True, verbose_name='最短时长（分钟）')),
                ('evidence_required', models.BooleanField(default=False, help_text='任意一种即可', verbose_name='核定须有佐证材料')),
                ('reporting_until', models.DateField(blank=True, null=True, verbose_name='填报截止日期')),
                ('late_until', models.DateField(blank=True, null=True, verbose_name='补报截止日期')),
                ('closing_on', models.DateField(blank=True, null=True, verbose_name='定案日期')),
                ('attendances_per_session', models.PositiveSmallIntegerField(default=300, help_text='推算最迟日期时，按每场最多补这么多人次', validators=[django.core.validators.MinValueValidator(1)], verbose_name='预测：每场可补人次')),
                ('sessions_per_week', models.PositiveSmallIntegerField(default=2, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(14)], verbose_name='预测：每周可办场次')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('counting_forms', models.ManyToManyField(blank=True, related_name='+', to='trainings.deliveryform', verbose_name='计入任务的培训形式')),
                ('county', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessment_years', to='networks.division', verbose_name='县')),
            ],
            options={
                'verbose_name': '考核年度',
                'verbose_name_plural': '考核年度',
                'ordering': ['county', '-year'],
                'constraints': [models.UniqueConstraint(fields=('county', 'year'), name='one_assessment_year'), models.CheckConstraint(condition=models.Q(('year__gte', 2000), ('year__lte', 2099)), name='assessment_year_2000_2099'), models.CheckConstraint(condition=models.Q(('attendances_per_session__gte', 1), ('sessions_per_week__gte', 1)), name='forecast_rates_positive')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalAssessmentYear',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2099)], verbose_name='年度')),
                ('status', models.CharField(choices=[('open', '进行中'), ('locked', '锁定定案'), ('previewed', '反馈期'), ('published', '已通报')], default='open', editable=False, max_length=10, verbose_name='状态')),
                ('basis_title', models.CharField(max_length=120, verbose_name='依据（文件名）')),
                ('basis_number', models.CharField(blank=True, max_length=60, verbose_name='依据（文号）')),
                ('basis_clause', models.CharField(blank=True, max_length=30, verbose_name='依据（条款）')),
                ('required_sessions', models.PositiveSmallIntegerField(default=4, verbose_name='应完成场次')),
                ('required_attendances', models.PositiveIntegerField(default=400, verbose_name='应完成人次')),
                ('class_counts', models.CharField(choices=[('once', '连续几天的培训班算一场'), ('daily', '连续几天的培训班每天算一场')], default='once', max_length=6, verbose_name='培训班的算法')),
                ('joint_credit', models.CharField(choices=[('lead', '只计主办单位'), ('each', '主办单位和已确认的协办单位各计一次')], default='lead', max_length=6, verbose_name='联合举办的算法')),
                ('minimum_minutes', models.PositiveSmallIntegerField(blank=True, help_text='留空则不限', null=True, verbose_name='最短时长（分钟）')),
                ('evidence_required', models.BooleanField(default=False, help_text='任意一种即可', verbose_name='核定须有佐证材料')),
                ('reporting_until', models.DateField(blank=True, null=True, verbose_name='填报截止日期')),
                ('late_until', models.DateField(blank=True, null=True, verbose_name='补报截止日期')),
                ('closing_on', models.DateField(blank=True, null=True, verbose_name='定案日期')),
                ('attendances_per_session', models.PositiveSmallIntegerField(default=300, help_text='推算最迟日期时，按每场最多补这么多人次', validators=[django.core.validators.MinValueValidator(1)], verbose_name='预测：每场可补人次')),
                ('sessions_per_week', models.PositiveSmallIntegerField(default=2, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(14)], verbose_name='预测：每周可办场次')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('county', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.division', verbose_name='县')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical 考核年度',
                'verbose_name_plural': 'historical 考核年度',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalAssessmentYear_counting_forms',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('assessmentyear', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='reporting.assessmentyear')),
                ('deliveryform', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.deliveryform')),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='reporting.historicalassessmentyear')),
            ],
            options={
                'verbose_name': 'HistoricalAssessmentYear_counting_forms',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalQuotaAdjustment',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('sessions', models.PositiveSmallIntegerField(verbose_name='应完成场次')),
                ('attendances', models.PositiveIntegerField(verbose_name='应完成人次')),
                ('reason', models.CharField(max_length=200, verbose_name='理由')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.memberunit', verbose_name='单位')),
                ('year', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='reporting.assessmentyear', verbose_name='年度')),
            ],
            options={
                'verbose_name': 'historical 目标任务调整',
                'verbose_name_plural': 'historical 目标任务调整',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='PlanTask',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clause', models.CharField(max_length=20, verbose_name='条款')),
                ('title', models.CharField(max_length=100, verbose_name='任务')),
                ('responsible_text', models.CharField(max_length=200, verbose_name='责任单位（原文）')),
                ('position', models.PositiveSmallIntegerField(default=999, verbose_name='排序')),
                ('county', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plan_tasks', to='networks.division', verbose_name='县')),
            ],
            options={
                'verbose_name': '方案任务',
                'verbose_name_plural': '方案任务',
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('county', 'clause'), name='one_task_per_clause')],
            },
        ),
        migrations.CreateModel(
            name='QuotaAdjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sessions', models.PositiveSmallIntegerField(verbose_name='应完成场次')),
                ('attendances', models.PositiveIntegerField(verbose_name='应完成人次')),
                ('reason', models.CharField(max_length=200, verbose_name='理由')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quota_adjustments', to='networks.memberunit', verbose_name='单位')),
                ('year', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='adjustments', to='reporting.assessmentyear', verbose_name='年度')),
            ],
            options={
                'verbose_name': '目标任务调整',
                'verbose_name_plural': '目标任务调整',
                'ordering': ['year', 'unit'],
                'constraints': [models.UniqueConstraint(fields=('year', 'unit'), name='one_adjustment_per_unit_and_year'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='adjustment_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='TaskResponsibility',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(verbose_name='自')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='至（不含当日）')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='responsibilities', to='reporting.plantask', verbose_name='任务')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='responsibilities', to='networks.memberunit', verbose_name='责任单位')),
            ],
            options={
                'verbose_name': '任务责任',
                'verbose_name_plural': '任务责任',
                'ordering': ['task', 'unit'],
                'constraints': [models.UniqueConstraint(fields=('task', 'unit', 'starts_on'), name='one_responsibility_per_start'), models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gt', models.F('starts_on')), _connector='OR'), name='responsibility_ends_after_start')],
            },
        ),
    ]
