import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('networks', '0005_rules_of_the_network'),
        ('networks', '__first__'),
        ('reporting', '0003_training_in_full'),
        ('trainings', '0003_training_in_full'),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lock', '锁定定案'), ('unlock', '解锁更正')], max_length=12, verbose_name='事项')),
                ('number', models.PositiveSmallIntegerField(verbose_name='第几次')),
                ('sequence', models.PositiveIntegerField(verbose_name='全县序号')),
                ('payload', models.TextField(verbose_name='内容')),
                ('payload_digest', models.CharField(max_length=64, verbose_name='内容摘要')),
                ('previous', models.CharField(blank=True, max_length=64, verbose_name='上一条摘要')),
                ('key_id', models.CharField(max_length=12, verbose_name='密钥编号')),
                ('algorithm', models.CharField(default='hmac-sha256', max_length=20, verbose_name='算法')),
                ('mac', models.CharField(max_length=64, verbose_name='签名')),
                ('made_at', models.DateTimeField(verbose_name='办理时间')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='原因')),
                ('confirmed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='确认人')),
                ('county', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ledger_acts', to='networks.division', verbose_name='县')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出人')),
                ('year', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='reporting.assessmentyear', verbose_name='年度')),
            ],
            options={
                'verbose_name': '定案记录',
                'verbose_name_plural': '定案记录',
                'ordering': ['county', 'sequence'],
                'constraints': [models.UniqueConstraint(fields=('county', 'sequence'), name='ledger_act_sequence_once'), models.UniqueConstraint(condition=models.Q(('kind__in', ['lock', 'unlock'])), fields=('year', 'number', 'kind'), name='ledger_year_locked_once_per_number'), models.CheckConstraint(condition=models.Q(('number__gte', 1), ('sequence__gte', 1)), name='ledger_act_counts_from_1'), models.CheckConstraint(condition=models.Q(models.Q(('previous', ''), ('sequence', 1)), models.Q(('sequence__gt', 1), models.Q(('previous', ''), _negated=True)), _connector='OR'), name='ledger_act_follows_another'), models.CheckConstraint(condition=models.Q(models.Q(('payload', ''), _negated=True), models.Q(('payload_digest', ''), _negated=True), models.Q(('key_id', ''), _negated=True), models.Q(('algorithm', ''), _negated=True), models.Q(('mac', ''), _negated=True)), name='ledger_act_is_signed'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'unlock'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='ledger_unlock_has_reason'), models.CheckConstraint(condition=models.Q(('proposed_by', models.F('confirmed_by')), _negated=True), name='ledger_act_confirmed_by_another')],
            },
        ),
        migrations.CreateModel(
            name='YearProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lock', '锁定定案'), ('unlock', '解锁更正')], max_length=12, verbose_name='事项')),
                ('status', models.CharField(choices=[('open', '待另一人确认'), ('confirmed', '已确认'), ('declined', '没有同意'), ('withdrawn', '已收回')], default='open', editable=False, max_length=10, verbose_name='状态')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='原因')),
                ('seen_digest', models.CharField(max_length=64, verbose_name='所见数字的摘要')),
                ('proposed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='提出时间')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='办理时间')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('os_user', models.CharField(blank=True, max_length=60, verbose_name='命令行的系统用户')),
                ('act', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposal', to='reporting.ledgeract', verbose_name='定案记录')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='办理人')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出人')),
                ('year', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='reporting.assessmentyear', verbose_name='年度')),
            ],
            options={
                'verbose_name': '定案的提议',
                'verbose_name_plural': '定案的提议',
                'ordering': ['-proposed_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['open', 'confirmed', 'declined', 'withdrawn'])), name='year_proposal_status_known'), models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('year',), name='one_open_proposal_per_year'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('status', 'open')), models.Q(models.Q(('status', 'open'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='year_proposal_decided_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('act__isnull', False), ('status', 'confirmed')), models.Q(models.Q(('status', 'confirmed'), _negated=True), ('act', None)), _connector='OR'), name='year_proposal_confirmed_has_act'), models.CheckConstraint(condition=models.Q(('status__in', ['open', 'withdrawn']), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='year_proposal_decided_by_another'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'declined'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='year_proposal_declined_why'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'unlock'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='year_proposal_unlock_has_reason')],
            },
        ),
        migrations.AddConstraint(
            model_name='assessmentyear',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['open', 'locked', 'previewed', 'published'])), name='assessment_year_status_known'),
        ),
        migrations.AddConstraint(
            model_name='assessmentyear',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'open'), _negated=True), ('locked_on', None), _connector='OR'), name='open_year_is_not_locked_on'),
        ),
    ]
