"""Attachments get the digest of the file as it lies on the disk: known for what is stored as it came, read for photos."""

import hashlib

from django.db import migrations, models


def digest_what_is_there(apps, schema_editor):
    attachments = apps.get_model("networks", "Attachment").objects.using(schema_editor.connection.alias)
    attachments.exclude(content_type__startswith="image/").update(sha256_stored=models.F("sha256_original"))
    for row in attachments.filter(content_type__startswith="image/").iterator():
        try:
            with row.file.storage.open(row.file.name) as stored:
                row.sha256_stored = hashlib.file_digest(stored, "sha256").hexdigest()
        except OSError:  # missing on the disk: verify_ledger says so
            continue
        row.save(update_fields=["sha256_stored"])


class Migration(migrations.Migration):
    dependencies = [("networks", "0007_second_factor")]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="sha256_stored",
            field=models.CharField(blank=True, default="", max_length=64, verbose_name="存储文件摘要"),
        ),
        migrations.RunPython(digest_what_is_there, migrations.RunPython.noop),
    ]
