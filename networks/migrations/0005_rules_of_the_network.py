import datetime
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('networks', '0004_states_have_dates'),
    ]

    operations = [
        migrations.CreateModel(
            name='AwarenessSurvey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2099)], verbose_name='年度')),
                ('method', models.CharField(choices=[('door', '入户走访'), ('phone', '电话'), ('street', '现场问卷'), ('online', '网上问卷'), ('other', '其他')], max_length=8, verbose_name='调查方法')),
                ('asked', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000)], verbose_name='回答的人数')),
                ('aware', models.PositiveIntegerField(validators=[django.core.validators.MaxValueValidator(1000000)], verbose_name='其中知道社区教育的人数')),
                ('source', models.CharField(help_text='谁做的、什么时候，如：县教育局 11 月抽样入户', max_length=100, verbose_name='来源')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('division', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='awareness_surveys', to='networks.division', verbose_name='地方')),
            ],
            options={
                'verbose_name': '知晓率调查',
                'verbose_name_plural': '知晓率调查',
                'ordering': ['-year', 'division_id', 'method'],
                'constraints': [models.UniqueConstraint(fields=('division', 'year', 'method'), name='one_survey_per_place_year_method'), models.CheckConstraint(condition=models.Q(('year__gte', 2000), ('year__lte', 2099)), name='survey_2000_2099'), models.CheckConstraint(condition=models.Q(('asked__gte', 1), ('asked__lte', 1000000), ('aware__lte', models.F('asked'))), name='survey_aware_among_asked'), models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='survey_has_source'), models.CheckConstraint(condition=models.Q(('method__in', ['door', 'phone', 'street', 'online', 'other'])), name='survey_method_known')],
            },
        ),
        migrations.CreateModel(
            name='FormerPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateField(verbose_name='至（不含当日）')),
                ('division', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='networks.division', verbose_name='原所在地')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='former_places', to='networks.institution', verbose_name='机构')),
            ],
            options={
                'verbose_name': '机构原所在地',
                'verbose_name_plural': '机构原所在地',
                'ordering': ['institution', 'until'],
                'constraints': [models.UniqueConstraint(fields=('institution', 'until'), name='one_former_place_per_day')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalAwarenessSurvey',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2099)], verbose_name='年度')),
                ('method', models.CharField(choices=[('door', '入户走访'), ('phone', '电话'), ('street', '现场问卷'), ('online', '网上问卷'), ('other', '其他')], max_length=8, verbose_name='调查方法')),
                ('asked', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000)], verbose_name='回答的人数')),
                ('aware', models.PositiveIntegerField(validators=[django.core.validators.MaxValueValidator(1000000)], verbose_name='其中知道社区教育的人数')),
                ('source', models.CharField(help_text='谁做的、什么时候，如：县教育局 11 月抽样入户', max_length=100, verbose_name='来源')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('division', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.division', verbose_name='地方')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical 知晓率调查',
                'verbose_name_plural': 'historical 知晓率调查',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Reorganisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('of_units', models.BooleanField(verbose_name='单位的变更')),
                ('what', models.CharField(max_length=20, verbose_name='事项')),
                ('on', models.DateField(verbose_name='自')),
                ('basis', models.CharField(blank=True, max_length=100, verbose_name='依据')),
                ('lines', models.TextField(verbose_name='办理结果')),
                ('entries', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='改动的记录')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='办理时间')),
                ('undone_at', models.DateTimeField(blank=True, null=True, verbose_name='撤销时间')),
                ('undone_why', models.CharField(blank=True, max_length=200, verbose_name='撤销原因')),
                ('county', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reorganisations', to='networks.division', verbose_name='县')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='办理人')),
                ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='撤销人')),
            ],
            options={
                'verbose_name': '撤并更名的办理',
                'verbose_name_plural': '撤并更名的办理',
                'ordering': ['-made_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('undone_at', None), ('undone_by', None), ('undone_why', '')), models.Q(('undone_at__isnull', False), ('undone_by__isnull', False), models.Q(('undone_why', ''), _negated=True)), _connector='OR'), name='reorganisation_undone_by_somebody_for_a_reason')],
            },
        ),
        migrations.AddField(
            model_name='attachment',
            name='guarded',
            field=models.BooleanField(default=False, editable=False, verbose_name='只由所属页面给出'),
        ),
        migrations.AddField(
            model_name='countysettings',
            name='roster_months',
            field=models.PositiveSmallIntegerField(default=12, help_text='年度锁定定案后，签到名册、报名和未成年人场次的照片再保存这么多个月，到期删除；人次长期保存', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='名册保存月数'),
        ),
        migrations.AddField(
            model_name='historicalcountysettings',
            name='roster_months',
            field=models.PositiveSmallIntegerField(default=12, help_text='年度锁定定案后，签到名册、报名和未成年人场次的照片再保存这么多个月，到期删除；人次长期保存', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='名册保存月数'),
        ),
        migrations.AddConstraint(
            model_name='annualfigure',
            constraint=models.CheckConstraint(condition=models.Q(('value__lte', 100000000)), name='annual_figure_is_possible'),
        ),
        migrations.AddConstraint(
            model_name='countysettings',
            constraint=models.CheckConstraint(condition=models.Q(('roster_months__gte', 1), ('roster_months__lte', 60)), name='rosters_kept_1_to_60_months'),
        ),
        migrations.AddConstraint(
            model_name='fund',
            constraint=models.CheckConstraint(condition=models.Q(django.db.models.lookups.Exact(django.db.models.functions.text.Length('division'), 6), django.db.models.lookups.Exact(django.db.models.functions.text.Length('division'), 9), _connector='OR'), name='fund_of_county_or_township'),
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='person_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='servicerecord',
            constraint=models.UniqueConstraint(fields=('appointment', 'held_on', 'what'), name='service_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role__in', ['unit']), _negated=True), ('home_division', None), _connector='OR'), name='user_of_a_unit_has_no_place'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('username'), name='username_once', violation_error_message='这个账号名已被使用'),
        ),
        migrations.AddConstraint(
            model_name='zone',
            constraint=models.CheckConstraint(condition=models.Q(('starts_on__gte', datetime.date(2000, 1, 1))), name='zone_starts_2000_or_later'),
        ),
    ]
