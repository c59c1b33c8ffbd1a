"""The audit trail becomes final: names are copied into its rows, then the database refuses to change or delete one."""

from django.db import migrations

TABLE = "accounts_auditentry"
GUARDS = {
    "sqlite": [
        f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} "
        "BEGIN SELECT RAISE(ABORT, 'the trail is not changed'); END",
        f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} "
        "BEGIN SELECT RAISE(ABORT, 'the trail is not shortened'); END",
    ],
    "postgresql": [
        f"CREATE FUNCTION {TABLE}_is_final() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the trail is neither changed nor shortened'; END $$",
        f"CREATE TRIGGER {TABLE}_final BEFORE UPDATE OR DELETE ON {TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_is_final()",
    ],
}
LIFTED = {
    "sqlite": [f"DROP TRIGGER {TABLE}_no_update", f"DROP TRIGGER {TABLE}_no_delete"],
    "postgresql": [f"DROP TRIGGER {TABLE}_final ON {TABLE}", f"DROP FUNCTION {TABLE}_is_final()"],
}


def copy_names(apps, schema_editor):
    """Until now the name stood in the details."""
    entries = apps.get_model("accounts", "AuditEntry").objects.filter(actor_name="")
    for entry in entries.select_related("actor").iterator():
        entry.actor_name = entry.detail.get("by", "") or getattr(entry.actor, "username", "")
        entry.save(update_fields=["actor_name"])


def guard(apps, schema_editor):
    """Rows can be added from now on, and nothing else."""
    for statement in GUARDS.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement)


def lift(apps, schema_editor):
    """The way back, before a migration of the table itself."""
    for statement in LIFTED.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_audit_names'),
    ]

    operations = [
        migrations.RunPython(copy_names, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(guard, lift),
    ]
