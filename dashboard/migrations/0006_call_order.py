"""Calls outlive their rule, know of which alert they tell, and who made the rule."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def note_makers(apps, schema_editor):
    """Whoever made the rule of a call decides whether it may lead inside."""
    makers = apps.get_model("dashboard", "Rule").objects.filter(pk=OuterRef("rule")).values("made_by")
    apps.get_model("dashboard", "Call").objects.update(made_by=Subquery(makers))


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0005_alert_reply"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="alert",
            field=models.UUIDField(
                help_text="The alert that it tells of: of one alert the calls go in their order.", null=True
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="rule",
            field=models.ForeignKey(
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="+",
                to="dashboard.rule",
            ),
        ),
        migrations.RunPython(note_makers, migrations.RunPython.noop, elidable=True),
    ]
