import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('networks', '0005_rules_of_the_network'),
        ('networks', '__first__'),
        ('reporting', '0008_tasks_belong_to_a_plan'),
        ('trainings', '0003_training_in_full'),
    ]

    operations = [
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quarter', models.PositiveSmallIntegerField(choices=[(0, '全年'), (1, '第一季度'), (2, '第二季度'), (3, '第三季度'), (4, '第四季度')], verbose_name='期间')),
                ('status', models.CharField(choices=[('received', '待核对'), ('accepted', '已确认'), ('returned', '已退回'), ('replaced', '已由新的代替')], default='received', editable=False, max_length=10, verbose_name='状态')),
                ('figures', models.TextField(verbose_name='确认的数字')),
                ('digest', models.CharField(max_length=64, verbose_name='数字的摘要')),
                ('filled_on', models.DateField(verbose_name='填报日期')),
                ('uploaded_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='上传时间')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='核对时间')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='退回原因')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核对人')),
                ('scan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='networks.attachment', verbose_name='扫描件')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to='networks.memberunit', verbose_name='单位')),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='上传人')),
                ('year', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to='reporting.assessmentyear', verbose_name='年度')),
            ],
            options={
                'verbose_name': '完成情况确认表',
                'verbose_name_plural': '完成情况确认表',
                'ordering': ['-uploaded_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['received', 'accepted', 'returned', 'replaced'])), name='confirmation_status_known'), models.CheckConstraint(condition=models.Q(('quarter__lte', 4)), name='confirmation_of_a_quarter_or_the_year'), models.UniqueConstraint(condition=models.Q(('status__in', ['received', 'accepted'])), fields=('year', 'unit', 'quarter'), name='one_standing_confirmation'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['accepted', 'returned']), _negated=True), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='confirmation_decided_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'received'), _negated=True), models.Q(('decided_at', None), ('decided_by', None)), _connector='OR'), name='confirmation_received_is_undecided'), models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('uploaded_by')), _negated=True), _connector='OR'), name='confirmation_checked_by_another'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'returned'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='confirmation_returned_why')],
            },
        ),
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='编号')),
                ('about', models.CharField(max_length=200, verbose_name='对什么有异议')),
                ('wanted', models.CharField(max_length=300, verbose_name='希望怎样更正')),
                ('status', models.CharField(choices=[('sent', '待答复'), ('upheld', '予以采纳'), ('partly', '部分采纳'), ('declined', '不予采纳'), ('withdrawn', '已收回')], default='sent', editable=False, max_length=10, verbose_name='状态')),
                ('filed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='提出时间')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='答复时间')),
                ('answer', models.CharField(blank=True, max_length=500, verbose_name='答复')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='收回时间')),
                ('act', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='reporting.ledgeract', verbose_name='针对的定案')),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='答复人')),
                ('filed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出人')),
                ('session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trainings.trainingsession', verbose_name='场次')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='networks.memberunit', verbose_name='单位')),
                ('year', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='reporting.assessmentyear', verbose_name='年度')),
            ],
            options={
                'verbose_name': '复核申请',
                'verbose_name_plural': '复核申请',
                'ordering': ['year', 'number'],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['sent', 'upheld', 'partly', 'declined', 'withdrawn'])), name='objection_status_known'), models.UniqueConstraint(fields=('year', 'number'), name='objection_number_once'), models.CheckConstraint(condition=models.Q(models.Q(('about', ''), _negated=True), models.Q(('wanted', ''), _negated=True)), name='objection_says_what'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), ('status__in', ['upheld', 'partly', 'declined']), models.Q(('answer', ''), _negated=True)), models.Q(('answer', ''), ('answered_at', None), ('answered_by', None), ('status__in', ['sent', 'withdrawn'])), _connector='OR'), name='objection_answered_why_and_by_whom'), models.CheckConstraint(condition=models.Q(('answered_by', None), models.Q(('answered_by', models.F('filed_by')), _negated=True), _connector='OR'), name='objection_answered_by_another'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'withdrawn'), ('withdrawn_at__isnull', False)), models.Q(models.Q(('status', 'withdrawn'), _negated=True), ('withdrawn_at', None)), _connector='OR'), name='objection_withdrawn_when')],
            },
        ),
        migrations.CreateModel(
            name='ObjectionFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='networks.attachment', verbose_name='文件')),
                ('objection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='reporting.objection', verbose_name='复核申请')),
            ],
            options={
                'verbose_name': '复核申请的佐证',
                'verbose_name_plural': '复核申请的佐证',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='SignOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('signer', models.CharField(help_text='照纸上写，如：副县长 韦某某', max_length=60, verbose_name='签批人')),
                ('signed_on', models.DateField(verbose_name='签批日期')),
                ('words', models.CharField(blank=True, max_length=300, verbose_name='签批意见')),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='登记时间')),
                ('cancelled_why', models.CharField(blank=True, max_length=200, verbose_name='作废原因')),
                ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='作废时间')),
                ('act', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sign_offs', to='reporting.ledgeract', verbose_name='定案记录')),
                ('cancelled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='作废人')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                ('scan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='networks.attachment', verbose_name='扫描件')),
            ],
            options={
                'verbose_name': '签批件',
                'verbose_name_plural': '签批件',
                'ordering': ['signed_on', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('signer', ''), _negated=True), name='sign_off_has_signer'), models.UniqueConstraint(condition=models.Q(('cancelled_why', '')), fields=('act', 'signer', 'signed_on'), name='sign_off_recorded_once'), models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at', None), ('cancelled_by', None), ('cancelled_why', '')), models.Q(models.Q(('cancelled_why', ''), _negated=True), ('cancelled_at__isnull', False), ('cancelled_by__isnull', False)), _connector='OR'), name='sign_off_cancelled_why_and_by_whom')],
            },
        ),
        migrations.RemoveConstraint(
            model_name='ledgeract',
            name='ledger_year_locked_once_per_number',
        ),
        migrations.AddField(
            model_name='assessmentyear',
            name='commend_attendances',
            field=models.PositiveIntegerField(blank=True, help_text='留空则完成任务即可', null=True, verbose_name='表扬：至少多少人次'),
        ),
        migrations.AddField(
            model_name='assessmentyear',
            name='commend_met_by',
            field=models.DateField(blank=True, help_text='留空则全年完成即可', null=True, verbose_name='表扬：最晚在哪天完成两项任务'),
        ),
        migrations.AddField(
            model_name='assessmentyear',
            name='commend_satisfaction',
            field=models.PositiveSmallIntegerField(blank=True, help_text='留空则不看满意率', null=True, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='表扬：满意率至少（%）'),
        ),
        migrations.AddField(
            model_name='assessmentyear',
            name='commend_sessions',
            field=models.PositiveSmallIntegerField(blank=True, help_text='留空则完成任务即可', null=True, verbose_name='表扬：至少多少场'),
        ),
        migrations.AddField(
            model_name='assessmentyear',
            name='objections_until',
            field=models.DateField(blank=True, editable=False, null=True, verbose_name='反馈期截止日期'),
        ),
        migrations.AddField(
            model_name='assessmentyear',
            name='spur_below',
            field=models.PositiveSmallIntegerField(default=100, help_text='100 就是没有完成任务的都列入', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='督促整改：任一项低于任务的（%）'),
        ),
        migrations.AddField(
            model_name='historicalassessmentyear',
            name='commend_attendances',
            field=models.PositiveIntegerField(blank=True, help_text='留空则完成任务即可', null=True, verbose_name='表扬：至少多少人次'),
        ),
        migrations.AddField(
            model_name='historicalassessmentyear',
            name='commend_met_by',
            field=models.DateField(blank=True, help_text='留空则全年完成即可', null=True, verbose_name='表扬：最晚在哪天完成两项任务'),
        ),
        migrations.AddField(
            model_name='historicalassessmentyear',
            name='commend_satisfaction',
            field=models.PositiveSmallIntegerField(blank=True, help_text='留空则不看满意率', null=True, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='表扬：满意率至少（%）'),
        ),
        migrations.AddField(
            model_name='historicalassessmentyear',
            name='commend_sessions',
            field=models.PositiveSmallIntegerField(blank=True, help_text='留空则完成任务即可', null=True, verbose_name='表扬：至少多少场'),
        ),
        migrations.AddField(
            model_name='historicalassessmentyear',
            name='objections_until',
            field=models.DateField(blank=True, editable=False, null=True, verbose_name='反馈期截止日期'),
        ),
        migrations.AddField(
            model_name='historicalassessmentyear',
            name='spur_below',
            field=models.PositiveSmallIntegerField(default=100, help_text='100 就是没有完成任务的都列入', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='督促整改：任一项低于任务的（%）'),
        ),
        migrations.AddField(
            model_name='yearproposal',
            name='choices',
            field=models.TextField(blank=True, verbose_name='拟表扬的单位和理由'),
        ),
        migrations.AlterField(
            model_name='ledgeract',
            name='kind',
            field=models.CharField(choices=[('lock', '锁定定案'), ('unlock', '解锁更正'), ('publish', '通报')], max_length=12, verbose_name='事项'),
        ),
        migrations.AlterField(
            model_name='yearproposal',
            name='kind',
            field=models.CharField(choices=[('lock', '锁定定案'), ('unlock', '解锁更正'), ('publish', '通报')], max_length=12, verbose_name='事项'),
        ),
        migrations.AddConstraint(
            model_name='assessmentyear',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'previewed'), _negated=True), ('objections_until__isnull', False), _connector='OR'), name='previewed_until_a_day'),
        ),
        migrations.AddConstraint(
            model_name='assessmentyear',
            constraint=models.CheckConstraint(condition=models.Q(('spur_below__gte', 1), ('spur_below__lte', 100), models.Q(('commend_satisfaction', None), ('commend_satisfaction__lte', 100), _connector='OR')), name='criteria_are_percentages'),
        ),
        migrations.AddConstraint(
            model_name='ledgeract',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['lock', 'unlock', 'publish'])), fields=('year', 'number', 'kind'), name='ledger_year_locked_once_per_number'),
        ),
    ]
