from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('networks', '0008_digest_of_what_is_stored'),
    ]

    operations = [
        migrations.AddField(
            model_name='signin',
            name='factor',
            field=models.CharField(blank=True, default='', editable=False, max_length=10, verbose_name='第二重验证'),
        ),
    ]
