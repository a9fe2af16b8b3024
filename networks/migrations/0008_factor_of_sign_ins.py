from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('networks', '0007_second_factor'),
    ]

    operations = [
        migrations.AddField(
            model_name='signin',
            name='factor',
            field=models.CharField(blank=True, default='', editable=False, max_length=10, verbose_name='第二重验证'),
        ),
    ]
