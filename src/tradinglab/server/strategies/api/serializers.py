"""What goes in and out about strategies."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tradinglab.algorithm.check import Severity
from tradinglab.server.rest.fields import NameField, NotesField, StrictSerializer
from tradinglab.server.strategies.checking import files_parameters
from tradinglab.server.strategies.diffs import FileChange
from tradinglab.server.strategies.models import Strategy, StrategyVersion
from tradinglab.server.strategies.project import project_parameters
from tradinglab.server.strategies.starts import Start, StartKind, start_parameters

_MOST_TAGS = 20


def _files(**options: Any) -> serializers.DictField:
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)
    described = "Path and text of each file; `main.py` is one, or `main.rules` in its place."
    return serializers.DictField(child=text, allow_empty=False, help_text=described, **options)


def _parent() -> serializers.CharField:
    described = "Content hash from which the files were made. If another version is the head by now, the answer is 409."
    return serializers.CharField(max_length=64, required=False, help_text=described)


def _tags(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=NameField(max_length=50), max_length=_MOST_TAGS, **options)


class StrategyInput(StrictSerializer):
    """A strategy that is to be made, from files or from a template."""

    name = NameField(max_length=200)
    description = NotesField(
        max_length=10_000, allow_blank=True, required=False, help_text="The template's, if it is left out."
    )
    tags = _tags(required=False, help_text="The template's, if they are left out.")
    files = _files(required=False)
    template = serializers.CharField(
        max_length=100, required=False, help_text="Name of a template to start from, in place of files."
    )
    message = NotesField(max_length=500, allow_blank=True, default="")


class StrategyChanges(StrictSerializer):
    """What is to be changed; the rest stays."""

    name = NameField(max_length=200, required=False)
    description = NotesField(max_length=10_000, allow_blank=True, required=False)
    tags = _tags(required=False)
    is_archived = serializers.BooleanField(required=False)


class VersionInput(StrictSerializer):
    """Files that are to be saved."""

    files = _files()
    message = NotesField(max_length=500, allow_blank=True, default="")
    parent = _parent()  # type: ignore[assignment]  # a serializer's own parent is another thing


class FileChanges(StrictSerializer):
    """Files of the head that are to be changed; the others stay."""

    files = serializers.DictField(
        child=serializers.CharField(allow_blank=True, allow_null=True, trim_whitespace=False),
        allow_empty=False,
        help_text="Path and new text of each file; null removes it.",
    )
    message = NotesField(max_length=500, allow_blank=True, default="")
    parent = _parent()  # type: ignore[assignment]  # a serializer's own parent is another thing


class CopyInput(StrictSerializer):
    """What is to be copied, and how the copy is called."""

    name = NameField(max_length=200, required=False, help_text="Without it, one that is free.")
    version = serializers.CharField(
        max_length=64, required=False, help_text="Content hash of the version to copy; the head, if it is left out."
    )
    with_versions = serializers.BooleanField(default=False, help_text="Copy all versions, not one.")


class VersionSummarySerializer(serializers.ModelSerializer[StrategyVersion]):
    """A version without its files."""

    parent = serializers.CharField(  # type: ignore[assignment]  # a field's own parent is another thing
        source="parent.content_hash", allow_null=True, default=None
    )
    author = serializers.CharField(source="author.email", allow_null=True, default=None)

    class Meta:
        model = StrategyVersion
        fields = ["id", "content_hash", "parent", "author", "message", "created_at"]


class VersionSerializer(VersionSummarySerializer):
    """A version with its files."""

    files = serializers.DictField(child=serializers.CharField())

    class Meta(VersionSummarySerializer.Meta):
        fields = [*VersionSummarySerializer.Meta.fields, "files"]


class ParameterSerializer(serializers.Serializer[Any]):
    """A parameter that the source asks for."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=["int", "float", "bool", "str"])
    default = serializers.JSONField(help_text="What is taken when none is given; null if the source does not show it.")
    file = serializers.CharField(help_text="Where it is asked for first.")
    line = serializers.IntegerField()
    minimum = serializers.FloatField(allow_null=True, help_text="Where a search may begin; null if nothing says so.")
    maximum = serializers.FloatField(allow_null=True, help_text="Where a search may end; null if nothing says so.")
    step = serializers.FloatField(allow_null=True, help_text="By which a search may go; null if nothing says so.")


class FindingSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with the source."""

    severity = serializers.ChoiceField(
        choices=[each.value for each in Severity],
        help_text="error: a run ends there; unsupported: LEAN has it, TradingLab has not; warning: a run may fail.",
    )
    code = serializers.CharField(help_text="Stable name of the kind of finding.")
    file = serializers.CharField()
    line = serializers.IntegerField(help_text="From one.")
    column = serializers.IntegerField(help_text="From one.")
    message = serializers.CharField()
    suggestion = serializers.CharField(allow_blank=True)


class CheckSerializer(serializers.Serializer[Any]):
    """What a check found."""

    has_errors = serializers.BooleanField(help_text="Whether a run would end in an error.")
    findings = FindingSerializer(many=True)
    is_cut = serializers.BooleanField(help_text="Whether there are more findings than are listed.")
    parameters = ParameterSerializer(many=True)


class CheckInput(StrictSerializer):
    """Files that are to be checked."""

    files = _files()


class VersionDetailSerializer(VersionSerializer):
    """A version with its files and the parameters that they ask for."""

    parameters = serializers.SerializerMethodField()
    configured = serializers.SerializerMethodField(
        help_text="The parameters that config.json sets for every run that is not given others."
    )

    class Meta(VersionSerializer.Meta):
        fields = [*VersionSerializer.Meta.fields, "parameters", "configured"]

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_configured(self, version: StrategyVersion) -> dict[str, str]:
        """Return what the project's file sets."""
        return project_parameters(version.files)

    @extend_schema_field(ParameterSerializer(many=True))
    def get_parameters(self, version: StrategyVersion) -> Any:
        """Return what the source asks for."""
        return ParameterSerializer(files_parameters(files=version.files).known, many=True).data


class StrategySerializer(serializers.ModelSerializer[Strategy]):
    """A strategy and its newest version."""

    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_archived = serializers.SerializerMethodField()
    head = VersionSummarySerializer()

    class Meta:
        model = Strategy
        fields = ["id", "name", "description", "tags", "is_archived", "head", "created_at", "updated_at"]

    def get_is_archived(self, strategy: Strategy) -> bool:
        """Say whether it is put away."""
        return strategy.archived_at is not None


class FileDiffSerializer(serializers.Serializer[Any]):
    """What differs in one file."""

    path = serializers.CharField()
    change = serializers.ChoiceField(choices=[each.value for each in FileChange])
    lines_added = serializers.IntegerField()
    lines_removed = serializers.IntegerField()
    unified = serializers.CharField(help_text="The difference as a patch.")


class GeneratedSerializer(serializers.Serializer[Any]):
    """The source that is generated from a version's rules."""

    files = serializers.DictField(
        child=serializers.CharField(), help_text="Path and text of each generated file; none for a version of code."
    )
    generator = serializers.CharField(help_text="What generated it; a run's manifest holds it, too.")


class DiffSerializer(serializers.Serializer[Any]):
    """What differs between two versions."""

    old = serializers.CharField(allow_null=True, help_text="Content hash; null stands for nothing.")
    new = serializers.CharField(help_text="Content hash.")
    files = FileDiffSerializer(many=True, help_text="The files that differ.")
    lines_added = serializers.IntegerField()
    lines_removed = serializers.IntegerField()
    unified = serializers.CharField(help_text="All files as one patch, for `git apply`.")


class TemplateSummarySerializer(serializers.Serializer[Any]):
    """A strategy to start from."""

    name = serializers.CharField(help_text="What `template` takes when a strategy is made.")
    kind = serializers.ChoiceField(
        choices=[each.value for each in StartKind], help_text="Whether it is code (`main.py`) or rules (`main.rules`)."
    )
    title = serializers.CharField()
    description = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    parameters = serializers.SerializerMethodField()

    @extend_schema_field(ParameterSerializer(many=True))
    def get_parameters(self, template: Start) -> Any:
        """Return what the source asks for."""
        return ParameterSerializer(start_parameters(template.name), many=True).data


class TemplateSerializer(TemplateSummarySerializer):
    """A strategy to start from, with its source."""

    files = serializers.DictField(child=serializers.CharField(), help_text="The files that a strategy starts with.")


def _message() -> serializers.CharField:
    return NotesField(max_length=500, allow_blank=True, default="")


class ImportFields(StrictSerializer):
    """What stands beside a zip file of which a strategy is made."""

    name = NameField(
        max_length=200, required=False, help_text="Without it, the strategy is called as the folder or the file."
    )
    message = _message()


class ImportForm(ImportFields):
    """A zip file of which a strategy is made."""

    archive = serializers.FileField(help_text="The zip file.")


class VersionImportFields(StrictSerializer):
    """What stands beside a zip file that is saved as a version."""

    message = _message()
    parent = _parent()  # type: ignore[assignment]  # a serializer's own parent is another thing


class VersionImportForm(VersionImportFields):
    """A zip file that is saved as a version."""

    archive = serializers.FileField(help_text="The zip file.")


def _notes() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), help_text="What of the zip file was left out, and why.")


class ImportResult(serializers.Serializer[Any]):
    """The strategy that was made of a zip file."""

    strategy = StrategySerializer()
    notes = _notes()


class VersionImportResult(serializers.Serializer[Any]):
    """The version that a zip file was saved as."""

    version = VersionSerializer()
    notes = _notes()
