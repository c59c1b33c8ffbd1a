import django.db.models.deletion
from django.db import migrations, models

# `ascii`: chat.search.words has folded every word already, and all beyond ASCII belongs to one. Nobody asks for a
# rank, so sizes of columns are not kept.
SQLITE = [
    "CREATE VIRTUAL TABLE chat_searchwords USING fts5(words, parts, names, facets, tokenize = 'ascii', columnsize = 0)",
    # Whoever deletes an entry, even by a cascade, takes its words away in the same moment. A migration that makes the
    # table of entries anew must make this again.
    "CREATE TRIGGER chat_searchentry_gone AFTER DELETE ON chat_searchentry "
    "BEGIN DELETE FROM chat_searchwords WHERE rowid = OLD.id; END",
]
POSTGRESQL = [
    "ALTER TABLE chat_searchentry ADD COLUMN words tsvector NOT NULL DEFAULT ''",
    # The pending list of new words is merged into the index when it is this large (kB): small, so that no single
    # message waits long for it.
    "CREATE INDEX chat_searchentry_words ON chat_searchentry USING gin (words) WITH (gin_pending_list_limit = 512)",
]
BACK = {
    "sqlite": ["DROP TRIGGER chat_searchentry_gone", "DROP TABLE chat_searchwords"],
    "postgresql": ["DROP INDEX chat_searchentry_words", "ALTER TABLE chat_searchentry DROP COLUMN words"],
}


def make(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def take_away(apps, schema_editor):
    for statement in BACK[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0004_moderation_rules_and_mutes'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('checksum', models.BigIntegerField(help_text='Of what was indexed, to find what is out of date.')),
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='search_entry', to='chat.message')),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.room')),
            ],
        ),
        migrations.RunPython(make, take_away),
    ]
