import django.db.models.deletion
from django.db import migrations, models


def tags_to_labels(apps, schema_editor):
    strategy_model, label_model = (
        apps.get_model("strategies", "Strategy"),
        apps.get_model("strategies", "StrategyLabel"),
    )
    for strategy in strategy_model.objects.exclude(tags=[]).iterator():
        label_model.objects.bulk_create(
            label_model(strategy=strategy, name=name) for name in dict.fromkeys(strategy.tags)
        )


def labels_to_tags(apps, schema_editor):
    strategy_model = apps.get_model("strategies", "Strategy")
    for strategy in strategy_model.objects.exclude(labels=None).distinct().iterator():
        strategy.tags = [label.name for label in strategy.labels.order_by("id")]
        strategy.save(update_fields=["tags"])


class Migration(migrations.Migration):
    dependencies = [("strategies", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="StrategyLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50)),
                (
                    "strategy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="labels", to="strategies.strategy"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("strategy", "name"), name="strategy_label_unique"),
                ],
            },
        ),
        migrations.RunPython(tags_to_labels, labels_to_tags),
        migrations.RemoveField(model_name="strategy", name="tags"),
        migrations.RemoveConstraint(model_name="strategy", name="strategy_name_unique"),
        migrations.AddField(
            model_name="strategy", name="deleted_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddConstraint(
            model_name="strategy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)), fields=("owner", "name"), name="strategy_live_name_unique"
            ),
        ),
    ]
