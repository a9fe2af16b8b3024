import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('networks', '0006_types_of_office_files'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicaluser',
            name='second_factor_since',
            field=models.DateTimeField(blank=True, null=True, verbose_name='动态口令启用时间'),
        ),
        migrations.AddField(
            model_name='user',
            name='second_factor_seed',
            field=models.CharField(blank=True, default='', editable=False, max_length=40, verbose_name='动态口令的种子'),
        ),
        migrations.AddField(
            model_name='user',
            name='second_factor_since',
            field=models.DateTimeField(blank=True, null=True, verbose_name='动态口令启用时间'),
        ),
        migrations.AddField(
            model_name='user',
            name='second_factor_step',
            field=models.BigIntegerField(default=0, editable=False, verbose_name='最近用过的动态口令的时段'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('second_factor_seed', ''), ('second_factor_since', None), ('second_factor_step', 0)), models.Q(models.Q(('second_factor_seed', ''), _negated=True), ('second_factor_since__isnull', False), ('second_factor_step__gt', 0)), _connector='OR'), name='second_factor_whole_or_none'),
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=64, verbose_name='恢复码摘要')),
                ('used_at', models.DateTimeField(blank=True, null=True, verbose_name='使用时间')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL, verbose_name='账号')),
            ],
            options={
                'verbose_name': '恢复码',
                'verbose_name_plural': '恢复码',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('user', 'digest'), name='recovery_code_once')],
            },
        ),
    ]
