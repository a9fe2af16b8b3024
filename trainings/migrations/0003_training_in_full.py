import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import simple_history.models
import trainings.models.scans
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('networks', '0005_rules_of_the_network'),
        ('networks', '__first__'),
        ('trainings', '0002_sessions_of_learning_groups'),
    ]

    operations = [
        migrations.CreateModel(
            name='Announcement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_public', models.BooleanField(default=False, help_text='居民不用登录就能看到这一场', verbose_name='公开')),
                ('phone', models.CharField(blank=True, help_text='填办公电话，居民会看到；不填个人手机', max_length=30, verbose_name='咨询电话')),
                ('words', models.CharField(blank=True, help_text='如：带上围裙，免费，不用带材料', max_length=200, verbose_name='给居民的话')),
                ('takes_sign_ups', models.BooleanField(default=False, help_text='居民在网上留姓名和手机尾号', verbose_name='接受报名')),
                ('capacity', models.PositiveSmallIntegerField(blank=True, help_text='报满以后不再接受报名；不限的不填', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(2000)], verbose_name='名额')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
            ],
            options={
                'verbose_name': '公开预告',
                'verbose_name_plural': '公开预告',
                'constraints': [models.CheckConstraint(condition=models.Q(('takes_sign_ups', False), ('is_public', True), _connector='OR'), name='announcement_sign_up_is_public'), models.CheckConstraint(condition=models.Q(('is_public', False), models.Q(('phone', ''), _negated=True), _connector='OR'), name='announcement_public_has_phone'), models.CheckConstraint(condition=models.Q(('capacity', None), ('capacity__gte', 1), _connector='OR'), name='announcement_has_room')],
            },
        ),
        migrations.CreateModel(
            name='ColumnName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('header', models.CharField(max_length=60, verbose_name='台账里的列名')),
                ('key', models.CharField(editable=False, max_length=60)),
                ('column', models.CharField(blank=True, help_text='空：内容记入备注', max_length=20, verbose_name='对应的栏目')),
                ('confirmed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='确认时间')),
            ],
            options={
                'verbose_name': '台账列名',
                'verbose_name_plural': '台账列名',
                'ordering': ['unit', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='column_name_says_something')],
            },
        ),
        migrations.CreateModel(
            name='Course',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('draft', '草稿'), ('proposed', '待审定'), ('public', '已公开'), ('returned', '退回修改'), ('retired', '已停用')], default='draft', editable=False, max_length=10, verbose_name='状态')),
                ('return_note', models.CharField(blank=True, editable=False, max_length=300, verbose_name='退回说明')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='审定时间')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('title', models.CharField(max_length=60, verbose_name='课程名称')),
                ('minutes', models.PositiveIntegerField(blank=True, null=True, verbose_name='总时长（分钟）')),
                ('syllabus', models.TextField(blank=True, max_length=2000, verbose_name='内容提要')),
                ('origin', models.CharField(choices=[('own', '自编'), ('adopted', '引进'), ('recommended', '推荐')], max_length=12, verbose_name='来源')),
                ('is_local', models.BooleanField(default=False, verbose_name='本土课程')),
                ('co_developers', models.CharField(blank=True, max_length=200, verbose_name='合作开发单位')),
            ],
            options={
                'verbose_name': '课程',
                'verbose_name_plural': '课程',
                'ordering': ['title', 'pk'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'proposed', 'public', 'returned', 'retired'])), name='course_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'returned'), _negated=True), models.Q(('return_note', ''), _negated=True), _connector='OR'), name='course_returned_with_reason'), models.CheckConstraint(condition=models.Q(('origin__in', ['own', 'adopted', 'recommended'])), name='course_origin_known'), models.CheckConstraint(condition=models.Q(('minutes', None), ('minutes__gte', 1), _connector='OR'), name='course_minutes_positive')],
            },
        ),
        migrations.CreateModel(
            name='CourseMaterial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('file', '文件'), ('link', '链接'), ('lesson', '线上课')], max_length=8, verbose_name='种类')),
                ('title', models.CharField(max_length=60, verbose_name='名称')),
                ('link', models.CharField(blank=True, help_text='只作为文字保存，系统不会打开它', max_length=500, verbose_name='网址')),
                ('is_open', models.BooleanField(default=False, verbose_name='居民可以看')),
            ],
            options={
                'verbose_name': '课程材料',
                'verbose_name_plural': '课程材料',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='EntryEffort',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(verbose_name='月份')),
                ('road', models.CharField(choices=[('form', '登记页'), ('point', '随手报'), ('ledger', '台账导入、粘贴')], max_length=8, verbose_name='途径')),
                ('sessions', models.PositiveIntegerField(default=0, verbose_name='场次')),
                ('fields', models.PositiveIntegerField(default=0, verbose_name='填的栏目')),
                ('timed', models.PositiveIntegerField(default=0, verbose_name='知道用时的场次')),
                ('seconds', models.PositiveIntegerField(default=0, verbose_name='用时（秒）')),
                ('quick', models.PositiveIntegerField(default=0, verbose_name='两分钟以内的场次')),
            ],
            options={
                'verbose_name': '登记用时',
                'verbose_name_plural': '登记用时',
                'ordering': ['county', 'month', 'road'],
                'constraints': [models.CheckConstraint(condition=models.Q(('quick__lte', models.F('timed')), ('timed__lte', models.F('sessions'))), name='effort_parts_within_whole')],
            },
        ),
        migrations.CreateModel(
            name='Feedback',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('satisfaction', models.CharField(choices=[('satisfied', '满意'), ('fairly', '基本满意'), ('unsatisfied', '不满意')], max_length=12, verbose_name='满意程度')),
                ('learned', models.CharField(blank=True, max_length=200, verbose_name='学到了什么')),
                ('wish', models.CharField(blank=True, max_length=300, verbose_name='建议或意见')),
                ('is_complaint', models.BooleanField(default=False, verbose_name='是意见、投诉，希望答复')),
                ('given_on', models.DateField(verbose_name='日期')),
                ('shown_wish', models.CharField(blank=True, help_text='先照抄原话；里面有姓名、电话的，请删去', max_length=300, verbose_name='给居民看的说法')),
                ('answer', models.CharField(blank=True, max_length=500, verbose_name='答复')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='答复时间')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
            ],
            options={
                'verbose_name': '居民评价',
                'verbose_name_plural': '居民评价',
                'ordering': ['-given_on', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('satisfaction__in', ['satisfied', 'fairly', 'unsatisfied'])), name='feedback_satisfaction_known'), models.CheckConstraint(condition=models.Q(('is_complaint', False), models.Q(('wish', ''), _negated=True), _connector='OR'), name='complaint_has_words')],
            },
        ),
        migrations.CreateModel(
            name='HintAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12, verbose_name='提示')),
                ('fingerprint', models.CharField(db_index=True, max_length=64, verbose_name='情况摘要')),
                ('sentence', models.CharField(max_length=300, verbose_name='提示原文')),
                ('text', models.CharField(max_length=300, verbose_name='核查情况')),
                ('answered_at', models.DateTimeField(auto_now_add=True, verbose_name='核查时间')),
            ],
            options={
                'verbose_name': '核查提示的答复',
                'verbose_name_plural': '核查提示的答复',
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='hint_answer_has_text'), models.CheckConstraint(condition=models.Q(('fingerprint', ''), _negated=True), name='hint_answer_has_fingerprint')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalAnnouncement',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('is_public', models.BooleanField(default=False, help_text='居民不用登录就能看到这一场', verbose_name='公开')),
                ('phone', models.CharField(blank=True, help_text='填办公电话，居民会看到；不填个人手机', max_length=30, verbose_name='咨询电话')),
                ('words', models.CharField(blank=True, help_text='如：带上围裙，免费，不用带材料', max_length=200, verbose_name='给居民的话')),
                ('takes_sign_ups', models.BooleanField(default=False, help_text='居民在网上留姓名和手机尾号', verbose_name='接受报名')),
                ('capacity', models.PositiveSmallIntegerField(blank=True, help_text='报满以后不再接受报名；不限的不填', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(2000)], verbose_name='名额')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical 公开预告',
                'verbose_name_plural': 'historical 公开预告',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalCourse',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('state', models.CharField(choices=[('draft', '草稿'), ('proposed', '待审定'), ('public', '已公开'), ('returned', '退回修改'), ('retired', '已停用')], default='draft', editable=False, max_length=10, verbose_name='状态')),
                ('return_note', models.CharField(blank=True, editable=False, max_length=300, verbose_name='退回说明')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='审定时间')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('title', models.CharField(max_length=60, verbose_name='课程名称')),
                ('minutes', models.PositiveIntegerField(blank=True, null=True, verbose_name='总时长（分钟）')),
                ('syllabus', models.TextField(blank=True, max_length=2000, verbose_name='内容提要')),
                ('origin', models.CharField(choices=[('own', '自编'), ('adopted', '引进'), ('recommended', '推荐')], max_length=12, verbose_name='来源')),
                ('is_local', models.BooleanField(default=False, verbose_name='本土课程')),
                ('co_developers', models.CharField(blank=True, max_length=200, verbose_name='合作开发单位')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical 课程',
                'verbose_name_plural': 'historical 课程',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalCourse_audiences',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name': 'HistoricalCourse_audiences',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalPaperTally',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('satisfied', models.PositiveIntegerField(default=0, verbose_name='满意（份）')),
                ('fairly', models.PositiveIntegerField(default=0, verbose_name='基本满意（份）')),
                ('unsatisfied', models.PositiveIntegerField(default=0, verbose_name='不满意（份）')),
                ('source', models.CharField(help_text='如：下课时发的纸质问卷，收回 36 份', max_length=100, verbose_name='怎么收的')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical 纸质问卷',
                'verbose_name_plural': 'historical 纸质问卷',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalScanSheet',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('token', models.CharField(db_index=True, default=trainings.models.scans.new_token, editable=False, max_length=16, verbose_name='网址里的字母')),
                ('minutes_before', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(180)], verbose_name='提前几分钟开放')),
                ('minutes_after', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(180)], verbose_name='结束后几分钟关闭')),
                ('once_per_device', models.BooleanField(default=False, help_text='平时不用勾选：一家人可以用一部手机一起签', verbose_name='一部手机只签一人')),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='提前结束时间')),
                ('opened_at', models.DateTimeField(blank=True, editable=False, verbose_name='开放时间')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical 扫码签到',
                'verbose_name_plural': 'historical 扫码签到',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalStory',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('state', models.CharField(choices=[('draft', '草稿'), ('proposed', '待审定'), ('public', '已公开'), ('returned', '退回修改'), ('retired', '已停用')], default='draft', editable=False, max_length=10, verbose_name='状态')),
                ('return_note', models.CharField(blank=True, editable=False, max_length=300, verbose_name='退回说明')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='审定时间')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('kind', models.CharField(choices=[('news', '动态'), ('case', '典型案例'), ('star', '百姓学习之星'), ('brand', '终身学习品牌')], max_length=8, verbose_name='类别')),
                ('title', models.CharField(max_length=60, verbose_name='标题')),
                ('subject', models.CharField(blank=True, max_length=60, verbose_name='学习之星（品牌）名称')),
                ('summary', models.CharField(blank=True, max_length=120, verbose_name='摘要')),
                ('body', models.TextField(blank=True, max_length=5000, verbose_name='正文')),
                ('happened_on', models.DateField(blank=True, null=True, verbose_name='日期')),
                ('picture_agreed', models.BooleanField(default=False, verbose_name='照片中的人同意公开，没有未成年人')),
                ('agreed', models.BooleanField(default=False, verbose_name='本人同意公开姓名和事迹')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical 宣传内容',
                'verbose_name_plural': 'historical 宣传内容',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalStory_sessions',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name': 'HistoricalStory_sessions',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalTrainingClass',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='班次名称')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='备注')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical 期（班）',
                'verbose_name_plural': 'historical 期（班）',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalUnitPlan',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2099)], verbose_name='年度')),
                ('sessions', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='计划场次')),
                ('attendances', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000)], verbose_name='计划人次')),
                ('text', models.TextField(blank=True, max_length=2000, verbose_name='计划内容')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical 年度计划',
                'verbose_name_plural': 'historical 年度计划',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalUnitPlan_themes',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name': 'HistoricalUnitPlan_themes',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='PaperTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('satisfied', models.PositiveIntegerField(default=0, verbose_name='满意（份）')),
                ('fairly', models.PositiveIntegerField(default=0, verbose_name='基本满意（份）')),
                ('unsatisfied', models.PositiveIntegerField(default=0, verbose_name='不满意（份）')),
                ('source', models.CharField(help_text='如：下课时发的纸质问卷，收回 36 份', max_length=100, verbose_name='怎么收的')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
            ],
            options={
                'verbose_name': '纸质问卷',
                'verbose_name_plural': '纸质问卷',
                'constraints': [models.CheckConstraint(condition=models.Q(('fairly__lte', 20000), ('satisfied__lte', 20000), ('unsatisfied__lte', 20000)), name='paper_tally_at_most_20000'), models.CheckConstraint(condition=models.Q(('satisfied__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Value(1), '-', models.F('fairly')), '-', models.F('unsatisfied')))), name='paper_tally_counts_something'), models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='paper_tally_has_source')],
            },
        ),
        migrations.CreateModel(
            name='PhotoMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('likeness', models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(100)], verbose_name='相同程度（%）')),
                ('found_at', models.DateTimeField(auto_now_add=True, verbose_name='发现时间')),
            ],
            options={
                'verbose_name': '相同照片',
                'verbose_name_plural': '相同照片',
                'constraints': [models.CheckConstraint(condition=models.Q(('likeness__lte', 100)), name='photo_match_percent')],
            },
        ),
        migrations.CreateModel(
            name='PhotoPrint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.PositiveSmallIntegerField(verbose_name='算法版本')),
                ('patterns', models.BinaryField(verbose_name='特征')),
                ('compared_at', models.DateTimeField(blank=True, null=True, verbose_name='比对时间')),
            ],
            options={
                'verbose_name': '照片特征',
                'verbose_name_plural': '照片特征',
            },
        ),
        migrations.CreateModel(
            name='PointLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True, verbose_name='令牌摘要')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='签发时间')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='停用时间')),
            ],
            options={
                'verbose_name': '随手报链接',
                'verbose_name_plural': '随手报链接',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='PointReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(editable=False, max_length=64)),
                ('made_at', models.DateTimeField(auto_now_add=True, db_index=True, verbose_name='报送时间')),
            ],
            options={
                'verbose_name': '随手报',
                'verbose_name_plural': '随手报',
                'ordering': ['-made_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='RosterHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2099)], verbose_name='年度')),
                ('reason', models.CharField(max_length=200, verbose_name='暂缓删除的原因')),
                ('placed_at', models.DateTimeField(auto_now_add=True, verbose_name='设置时间')),
                ('lifted_at', models.DateTimeField(blank=True, null=True, verbose_name='解除时间')),
            ],
            options={
                'verbose_name': '名册暂缓删除',
                'verbose_name_plural': '名册暂缓删除',
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='roster_hold_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='RosterLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=30, verbose_name='姓名')),
                ('sex', models.CharField(blank=True, choices=[('f', '女'), ('m', '男')], max_length=1, verbose_name='性别')),
                ('age_band', models.CharField(blank=True, choices=[('minor', '未成年'), ('adult', '18—59岁'), ('elderly', '60岁及以上')], max_length=8, verbose_name='年龄段')),
                ('phone_tail', models.CharField(blank=True, max_length=4, verbose_name='手机尾号')),
                ('source', models.CharField(choices=[('pasted', '粘贴'), ('workbook', '表格'), ('qr', '扫码'), ('by_hand', '补录')], max_length=8, verbose_name='来源')),
                ('identity', models.CharField(db_index=True, editable=False, max_length=60, verbose_name='同一人标识')),
                ('code', models.CharField(blank=True, db_index=True, editable=False, max_length=16, verbose_name='学习码')),
                ('device', models.CharField(blank=True, editable=False, max_length=32, verbose_name='设备标识')),
                ('signed_at', models.DateTimeField(auto_now_add=True, verbose_name='签到时间')),
            ],
            options={
                'verbose_name': '名册',
                'verbose_name_plural': '名册',
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='roster_line_has_name'), models.CheckConstraint(condition=models.Q(('name__regex', '[0-9]{5}'), _negated=True), name='roster_name_is_no_number'), models.CheckConstraint(condition=models.Q(('phone_tail', ''), ('phone_tail__regex', '^[0-9]{4}$'), _connector='OR'), name='roster_phone_tail_4_digits'), models.CheckConstraint(condition=models.Q(('sex__in', ['', 'f', 'm'])), name='roster_sex_known'), models.CheckConstraint(condition=models.Q(('age_band__in', ['', 'minor', 'adult', 'elderly'])), name='roster_age_band_known')],
            },
        ),
        migrations.CreateModel(
            name='ScanSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(default=trainings.models.scans.new_token, editable=False, max_length=16, unique=True, verbose_name='网址里的字母')),
                ('minutes_before', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(180)], verbose_name='提前几分钟开放')),
                ('minutes_after', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(180)], verbose_name='结束后几分钟关闭')),
                ('once_per_device', models.BooleanField(default=False, help_text='平时不用勾选：一家人可以用一部手机一起签', verbose_name='一部手机只签一人')),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='提前结束时间')),
                ('opened_at', models.DateTimeField(auto_now_add=True, verbose_name='开放时间')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
            ],
            options={
                'verbose_name': '扫码签到',
                'verbose_name_plural': '扫码签到',
                'constraints': [models.CheckConstraint(condition=models.Q(('minutes_after__lte', 180), ('minutes_before__lte', 180)), name='scan_margins_within_3_hours'), models.CheckConstraint(condition=models.Q(('token', ''), _negated=True), name='scan_sheet_has_token')],
            },
        ),
        migrations.CreateModel(
            name='SignUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=30, verbose_name='姓名')),
                ('phone_tail', models.CharField(max_length=4, verbose_name='手机尾号')),
                ('seats', models.PositiveSmallIntegerField(default=1, verbose_name='人数')),
                ('cancel_digest', models.CharField(editable=False, max_length=64, unique=True, verbose_name='取消链接摘要')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='报名时间')),
                ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='取消时间')),
            ],
            options={
                'verbose_name': '报名',
                'verbose_name_plural': '报名',
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('seats__gte', 1), ('seats__lte', 10)), name='sign_up_1_to_10_seats'), models.CheckConstraint(condition=models.Q(('phone_tail__regex', '^[0-9]{4}$')), name='sign_up_phone_tail_4_digits')],
            },
        ),
        migrations.CreateModel(
            name='Story',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('draft', '草稿'), ('proposed', '待审定'), ('public', '已公开'), ('returned', '退回修改'), ('retired', '已停用')], default='draft', editable=False, max_length=10, verbose_name='状态')),
                ('return_note', models.CharField(blank=True, editable=False, max_length=300, verbose_name='退回说明')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='审定时间')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
                ('kind', models.CharField(choices=[('news', '动态'), ('case', '典型案例'), ('star', '百姓学习之星'), ('brand', '终身学习品牌')], max_length=8, verbose_name='类别')),
                ('title', models.CharField(max_length=60, verbose_name='标题')),
                ('subject', models.CharField(blank=True, max_length=60, verbose_name='学习之星（品牌）名称')),
                ('summary', models.CharField(blank=True, max_length=120, verbose_name='摘要')),
                ('body', models.TextField(blank=True, max_length=5000, verbose_name='正文')),
                ('happened_on', models.DateField(blank=True, null=True, verbose_name='日期')),
                ('picture_agreed', models.BooleanField(default=False, verbose_name='照片中的人同意公开，没有未成年人')),
                ('agreed', models.BooleanField(default=False, verbose_name='本人同意公开姓名和事迹')),
            ],
            options={
                'verbose_name': '宣传内容',
                'verbose_name_plural': '宣传内容',
                'ordering': ['-happened_on', '-pk'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'proposed', 'public', 'returned', 'retired'])), name='story_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'returned'), _negated=True), models.Q(('return_note', ''), _negated=True), _connector='OR'), name='story_returned_with_reason'), models.CheckConstraint(condition=models.Q(('kind__in', ['news', 'case', 'star', 'brand'])), name='story_kind_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'public'), _negated=True), models.Q(('kind', 'star'), _negated=True), ('agreed', True), _connector='OR'), name='story_star_agreed')],
            },
        ),
        migrations.CreateModel(
            name='TrainingClass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='班次名称')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='备注')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
            ],
            options={
                'verbose_name': '期（班）',
                'verbose_name_plural': '期（班）',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='UnitPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2099)], verbose_name='年度')),
                ('sessions', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='计划场次')),
                ('attendances', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000)], verbose_name='计划人次')),
                ('text', models.TextField(blank=True, max_length=2000, verbose_name='计划内容')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='版本')),
            ],
            options={
                'verbose_name': '年度计划',
                'verbose_name_plural': '年度计划',
                'ordering': ['-year', 'unit__position'],
                'constraints': [models.CheckConstraint(condition=models.Q(('year__gte', 2000), ('year__lte', 2099)), name='plan_year_2000_2099'), models.CheckConstraint(condition=models.Q(('sessions', None), models.Q(('sessions__gte', 1), ('sessions__lte', 1000)), _connector='OR'), name='plan_sessions_possible'), models.CheckConstraint(condition=models.Q(('attendances', None), models.Q(('attendances__gte', 1), ('attendances__lte', 1000000)), _connector='OR'), name='plan_attendances_possible')],
            },
        ),
        migrations.RemoveConstraint(
            model_name='evidence',
            name='evidence_is_file_or_link',
        ),
        migrations.AddField(
            model_name='evidence',
            name='purged_on',
            field=models.DateField(blank=True, editable=False, null=True, verbose_name='文件删除日期'),
        ),
        migrations.AddField(
            model_name='historicaltrainingsession',
            name='roster_purged_on',
            field=models.DateField(blank=True, editable=False, null=True, verbose_name='名册删除日期'),
        ),
        migrations.AddField(
            model_name='trainingsession',
            name='roster_purged_on',
            field=models.DateField(blank=True, editable=False, null=True, verbose_name='名册删除日期'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('file', ''), models.Q(('link', ''), _negated=True)), models.Q(models.Q(('file', ''), _negated=True), ('link', ''), ('purged_on', None)), models.Q(('file', ''), ('link', ''), ('purged_on__isnull', False), models.Q(('sha256_stored', ''), _negated=True)), _connector='OR'), name='evidence_is_file_or_link'),
        ),
        migrations.AddField(
            model_name='announcement',
            name='session',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='announcement', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='columnname',
            name='confirmed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='确认人'),
        ),
        migrations.AddField(
            model_name='columnname',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='column_names', to='networks.memberunit', verbose_name='单位'),
        ),
        migrations.AddField(
            model_name='course',
            name='audiences',
            field=models.ManyToManyField(blank=True, related_name='courses', to='trainings.audience', verbose_name='适合人群'),
        ),
        migrations.AddField(
            model_name='course',
            name='county',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='courses', to='networks.division', verbose_name='县'),
        ),
        migrations.AddField(
            model_name='course',
            name='decided_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审定人'),
        ),
        migrations.AddField(
            model_name='course',
            name='language',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='trainings.language', verbose_name='授课语言'),
        ),
        migrations.AddField(
            model_name='course',
            name='proposed_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人'),
        ),
        migrations.AddField(
            model_name='course',
            name='theme',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='trainings.theme', verbose_name='主题类别'),
        ),
        migrations.AddField(
            model_name='course',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='courses', to='networks.memberunit', verbose_name='提供单位'),
        ),
        migrations.AddField(
            model_name='historicaltrainingsession',
            name='course',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.course', verbose_name='课程'),
        ),
        migrations.AddField(
            model_name='trainingsession',
            name='course',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='trainings.course', verbose_name='课程'),
        ),
        migrations.AddField(
            model_name='coursematerial',
            name='attachment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='networks.attachment', verbose_name='文件'),
        ),
        migrations.AddField(
            model_name='coursematerial',
            name='course',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='materials', to='trainings.course', verbose_name='课程'),
        ),
        migrations.AddField(
            model_name='entryeffort',
            name='county',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='networks.division', verbose_name='县'),
        ),
        migrations.AddField(
            model_name='feedback',
            name='answered_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='答复人'),
        ),
        migrations.AddField(
            model_name='feedback',
            name='session',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='feedback', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='hintanswer',
            name='answered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核查人'),
        ),
        migrations.AddField(
            model_name='hintanswer',
            name='session',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hint_answers', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='historicalannouncement',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalannouncement',
            name='session',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='historicalcourse',
            name='county',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.division', verbose_name='县'),
        ),
        migrations.AddField(
            model_name='historicalcourse',
            name='decided_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审定人'),
        ),
        migrations.AddField(
            model_name='historicalcourse',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalcourse',
            name='language',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.language', verbose_name='授课语言'),
        ),
        migrations.AddField(
            model_name='historicalcourse',
            name='proposed_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人'),
        ),
        migrations.AddField(
            model_name='historicalcourse',
            name='theme',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.theme', verbose_name='主题类别'),
        ),
        migrations.AddField(
            model_name='historicalcourse',
            name='unit',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.memberunit', verbose_name='提供单位'),
        ),
        migrations.AddField(
            model_name='historicalcourse_audiences',
            name='audience',
            field=models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.audience'),
        ),
        migrations.AddField(
            model_name='historicalcourse_audiences',
            name='course',
            field=models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.course'),
        ),
        migrations.AddField(
            model_name='historicalcourse_audiences',
            name='history',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='trainings.historicalcourse'),
        ),
        migrations.AddField(
            model_name='historicalpapertally',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalpapertally',
            name='session',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='historicalscansheet',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalscansheet',
            name='opened_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='开放人'),
        ),
        migrations.AddField(
            model_name='historicalscansheet',
            name='session',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='historicalstory',
            name='county',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.division', verbose_name='县'),
        ),
        migrations.AddField(
            model_name='historicalstory',
            name='decided_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审定人'),
        ),
        migrations.AddField(
            model_name='historicalstory',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalstory',
            name='picture',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.attachment', verbose_name='照片'),
        ),
        migrations.AddField(
            model_name='historicalstory',
            name='proposed_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人'),
        ),
        migrations.AddField(
            model_name='historicalstory',
            name='unit',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.memberunit', verbose_name='报送单位'),
        ),
        migrations.AddField(
            model_name='historicalstory_sessions',
            name='history',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='trainings.historicalstory'),
        ),
        migrations.AddField(
            model_name='historicalstory_sessions',
            name='trainingsession',
            field=models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.trainingsession'),
        ),
        migrations.AddField(
            model_name='historicaltrainingclass',
            name='course',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.course', verbose_name='课程'),
        ),
        migrations.AddField(
            model_name='historicaltrainingclass',
            name='entered_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='建立人'),
        ),
        migrations.AddField(
            model_name='historicaltrainingclass',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicaltrainingclass',
            name='place',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.division', verbose_name='举办地'),
        ),
        migrations.AddField(
            model_name='historicaltrainingclass',
            name='unit',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.memberunit', verbose_name='责任单位'),
        ),
        migrations.AddField(
            model_name='historicalunitplan',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalunitplan',
            name='unit',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='networks.memberunit', verbose_name='责任单位'),
        ),
        migrations.AddField(
            model_name='historicalunitplan_themes',
            name='history',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='trainings.historicalunitplan'),
        ),
        migrations.AddField(
            model_name='historicalunitplan_themes',
            name='theme',
            field=models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.theme'),
        ),
        migrations.AddField(
            model_name='papertally',
            name='session',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='paper_tally', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='photomatch',
            name='evidence',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='photo_matches', to='trainings.evidence', verbose_name='佐证材料'),
        ),
        migrations.AddField(
            model_name='photomatch',
            name='other',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='trainings.evidence', verbose_name='相同的照片'),
        ),
        migrations.AddField(
            model_name='photoprint',
            name='evidence',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='photo_print', to='trainings.evidence', verbose_name='佐证材料'),
        ),
        migrations.AddField(
            model_name='pointlink',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='签发人'),
        ),
        migrations.AddField(
            model_name='pointlink',
            name='institution',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='point_links', to='networks.institution', verbose_name='教学点'),
        ),
        migrations.AddField(
            model_name='pointlink',
            name='revoked_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='停用人'),
        ),
        migrations.AddField(
            model_name='pointreport',
            name='link',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='trainings.pointlink', verbose_name='链接'),
        ),
        migrations.AddField(
            model_name='pointreport',
            name='session',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='point_report', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='rosterhold',
            name='county',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roster_holds', to='networks.division', verbose_name='县'),
        ),
        migrations.AddField(
            model_name='rosterhold',
            name='lifted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='解除人'),
        ),
        migrations.AddField(
            model_name='rosterhold',
            name='placed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='设置人'),
        ),
        migrations.AddField(
            model_name='rosterhold',
            name='session',
            field=models.ForeignKey(blank=True, help_text='留空则整个年度暂缓', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='roster_holds', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='rosterline',
            name='home',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='networks.division', verbose_name='家庭所在村（社区）'),
        ),
        migrations.AddField(
            model_name='rosterline',
            name='session',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roster', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='scansheet',
            name='opened_by',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='开放人'),
        ),
        migrations.AddField(
            model_name='scansheet',
            name='session',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='scan_sheet', to='trainings.trainingsession', verbose_name='场次'),
        ),
        migrations.AddField(
            model_name='signup',
            name='announcement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sign_ups', to='trainings.announcement', verbose_name='公开预告'),
        ),
        migrations.AddField(
            model_name='story',
            name='county',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stories', to='networks.division', verbose_name='县'),
        ),
        migrations.AddField(
            model_name='story',
            name='decided_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审定人'),
        ),
        migrations.AddField(
            model_name='story',
            name='picture',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='networks.attachment', verbose_name='照片'),
        ),
        migrations.AddField(
            model_name='story',
            name='proposed_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人'),
        ),
        migrations.AddField(
            model_name='story',
            name='sessions',
            field=models.ManyToManyField(blank=True, related_name='stories', to='trainings.trainingsession', verbose_name='相关场次'),
        ),
        migrations.AddField(
            model_name='story',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stories', to='networks.memberunit', verbose_name='报送单位'),
        ),
        migrations.AddField(
            model_name='historicalstory_sessions',
            name='story',
            field=models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.story'),
        ),
        migrations.AddField(
            model_name='trainingclass',
            name='copied_from',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='copies', to='trainings.trainingclass', verbose_name='复制自'),
        ),
        migrations.AddField(
            model_name='trainingclass',
            name='course',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='classes', to='trainings.course', verbose_name='课程'),
        ),
        migrations.AddField(
            model_name='trainingclass',
            name='entered_by',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='建立人'),
        ),
        migrations.AddField(
            model_name='trainingclass',
            name='place',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='classes', to='networks.division', verbose_name='举办地'),
        ),
        migrations.AddField(
            model_name='trainingclass',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='classes', to='networks.memberunit', verbose_name='责任单位'),
        ),
        migrations.AddField(
            model_name='historicaltrainingclass',
            name='copied_from',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.trainingclass', verbose_name='复制自'),
        ),
        migrations.AddField(
            model_name='historicaltrainingsession',
            name='training_class',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.trainingclass', verbose_name='期（班）'),
        ),
        migrations.AddField(
            model_name='trainingsession',
            name='training_class',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='trainings.trainingclass', verbose_name='期（班）'),
        ),
        migrations.AddField(
            model_name='unitplan',
            name='themes',
            field=models.ManyToManyField(blank=True, related_name='+', to='trainings.theme', verbose_name='重点主题'),
        ),
        migrations.AddField(
            model_name='unitplan',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='networks.memberunit', verbose_name='责任单位'),
        ),
        migrations.AddField(
            model_name='historicalunitplan_themes',
            name='unitplan',
            field=models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trainings.unitplan'),
        ),
        migrations.AddConstraint(
            model_name='columnname',
            constraint=models.UniqueConstraint(fields=('unit', 'key'), name='column_name_once_per_unit'),
        ),
        migrations.AddConstraint(
            model_name='course',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['public', 'retired']), _negated=True), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='course_public_is_decided'),
        ),
        migrations.AddConstraint(
            model_name='course',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'public'), _negated=True), ('proposed_by', None), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='course_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='course',
            constraint=models.UniqueConstraint(fields=('unit', 'title'), name='course_title_once_per_unit'),
        ),
        migrations.AddConstraint(
            model_name='coursematerial',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('attachment__isnull', False), ('kind', 'file'), ('link', '')), models.Q(('attachment', None), ('kind__in', ['link', 'lesson']), models.Q(('link', ''), _negated=True)), _connector='OR'), name='material_is_file_or_link'),
        ),
        migrations.AddConstraint(
            model_name='entryeffort',
            constraint=models.UniqueConstraint(fields=('county', 'month', 'road'), name='effort_once_per_month_and_road'),
        ),
        migrations.AddIndex(
            model_name='feedback',
            index=models.Index(fields=['session', 'satisfaction'], name='feedback_by_session'),
        ),
        migrations.AddConstraint(
            model_name='feedback',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at', None), ('answered_by', None)), models.Q(models.Q(('answer', ''), _negated=True), models.Q(('shown_wish', ''), _negated=True), ('answered_at__isnull', False), ('answered_by__isnull', False)), _connector='OR'), name='answer_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='photomatch',
            constraint=models.UniqueConstraint(fields=('evidence', 'other'), name='photo_match_once'),
        ),
        migrations.AddConstraint(
            model_name='photomatch',
            constraint=models.CheckConstraint(condition=models.Q(('evidence', models.F('other')), _negated=True), name='photo_match_of_two'),
        ),
        migrations.AddConstraint(
            model_name='pointlink',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at', None)), fields=('institution',), name='one_open_link_per_point'),
        ),
        migrations.AddConstraint(
            model_name='pointlink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revoked_at', None), ('revoked_by', None)), models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False)), _connector='OR'), name='point_link_revoked_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='pointreport',
            constraint=models.UniqueConstraint(fields=('link', 'token'), name='point_report_once_per_form'),
        ),
        migrations.AddConstraint(
            model_name='rosterhold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lifted_at', None), ('lifted_by', None)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False)), _connector='OR'), name='roster_hold_lifted_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='rosterhold',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at', None), ('session', None)), fields=('county', 'year'), name='one_open_roster_hold_per_year'),
        ),
        migrations.AddConstraint(
            model_name='rosterhold',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at', None)), fields=('session',), name='one_open_roster_hold_per_session'),
        ),
        migrations.AddConstraint(
            model_name='rosterline',
            constraint=models.UniqueConstraint(fields=('session', 'identity'), name='roster_person_once_per_session'),
        ),
        migrations.AddConstraint(
            model_name='signup',
            constraint=models.UniqueConstraint(condition=models.Q(('cancelled_at', None)), fields=('announcement', 'name', 'phone_tail'), name='one_open_sign_up_per_person'),
        ),
        migrations.AddConstraint(
            model_name='story',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['public', 'retired']), _negated=True), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='story_public_is_decided'),
        ),
        migrations.AddConstraint(
            model_name='story',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'public'), _negated=True), ('proposed_by', None), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='story_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='story',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'public'), _negated=True), ('picture', None), ('picture_agreed', True), _connector='OR'), name='story_picture_agreed'),
        ),
        migrations.AddConstraint(
            model_name='unitplan',
            constraint=models.UniqueConstraint(fields=('unit', 'year'), name='one_plan_per_unit_and_year'),
        ),
    ]
