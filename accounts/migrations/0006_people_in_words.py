"""People are people on every page."""

from django.db import migrations


class Migration(migrations.Migration):
    """Changes words, and no table."""

    dependencies = [("accounts", "0005_connections")]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "permissions": [
                    ("see_everyone", "Can see people of all teams"),
                    ("use_mcp", "Can ask questions through MCP"),
                ],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
    ]
