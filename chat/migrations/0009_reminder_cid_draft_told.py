"""Reminders know the command that set them, drafts where the log begins to hold their texts.

Of the drafts there are, nobody knows it: the whole log of their author is looked through, once.
"""

from django.conf import settings
from django.db import migrations, models

TOLD = "Seq of its author's topic from which on the log may hold its texts; 0: it holds none."


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0008_case_claims"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("draft", "told_from", models.PositiveBigIntegerField(default=1, help_text=TOLD)),
        migrations.AlterField("draft", "told_from", models.PositiveBigIntegerField(default=0, help_text=TOLD)),
        migrations.AddField(
            "reminder",
            "cid",
            models.UUIDField(help_text="Its owner's id of the command that set it.", null=True),
        ),
        migrations.AddConstraint("reminder", models.UniqueConstraint(fields=["user", "cid"], name="reminder_user_cid")),
    ]
