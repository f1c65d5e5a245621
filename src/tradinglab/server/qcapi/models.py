"""What QuantConnect's clients see of strategies beyond what strategies have: numbers, collaborators, compiles."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import Strategy, StrategyVersion


class Language(models.TextChoices):
    """What a project is written in."""

    PYTHON = "Py", "Python"
    CSHARP = "C#", "C#"


class Project(models.Model):
    """A strategy as QuantConnect's clients know it: by a number. Name, files and owner are the strategy's."""

    strategy = models.OneToOneField(Strategy, on_delete=models.CASCADE, related_name="quantconnect_project")
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.PYTHON)
    #: The version of LEAN that was chosen; -1 is the newest. It is kept for the clients, and changes nothing here.
    lean_version = models.IntegerField(default=-1)
    lean_environment = models.IntegerField(default=1)
    #: The nodes that were chosen; empty if they are chosen by the server.
    nodes = models.JSONField(default=list)
    #: Which editor holds the lock: another one's edits are refused until it takes the lock itself.
    lock_source = models.CharField(max_length=200, blank=True, default="")
    locked_at = models.DateTimeField(null=True, blank=True)
    libraries = models.ManyToManyField("self", symmetrical=False, related_name="users_of_library", blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.pk)


class Collaborator(models.Model):
    """A user with whom a project is shared."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="collaborators")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="quantconnect_shares")
    can_write = models.BooleanField(default=False)
    has_live_control = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="collaborator_unique")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.project_id}"


class CompileState(models.TextChoices):
    """How far a compile is."""

    IN_QUEUE = "InQueue"
    SUCCESS = "BuildSuccess"
    ERROR = "BuildError"


class Compile(models.Model):
    """A version of a project's files that was checked, and loaded once; it stays usable when the project goes on."""

    id = models.CharField(primary_key=True, max_length=65, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="compiles")
    version = models.ForeignKey(StrategyVersion, on_delete=models.CASCADE, related_name="+")
    #: What checks and loads it; there is none if nothing of it can be loaded.
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="quantconnect_compile")
    state = models.CharField(max_length=16, choices=CompileState.choices, default=CompileState.IN_QUEUE)
    logs = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.id

    @property
    def signature(self) -> str:
        """What clients call the part after the dash: the beginning of the hash of the files."""
        return self.id.rpartition("-")[2]


class StoredObject(models.Model):
    """An object of a user's object store: bytes under a key, whose slashes make folders."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stored_objects")
    key = models.CharField(max_length=255)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    md5 = models.CharField(max_length=32)
    mime = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="stored_object_unique")]

    def __str__(self) -> str:
        return self.key


class ObjectDownload(models.Model):
    """Objects that somebody wants as one zip file."""

    id = models.CharField(primary_key=True, max_length=32, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    keys = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.id


class SentBacktest(models.Model):
    """What a client sent when it started a backtest."""

    backtest = models.OneToOneField(Backtest, on_delete=models.CASCADE, primary_key=True, related_name="sent")
    compile = models.ForeignKey(Compile, null=True, on_delete=models.SET_NULL, related_name="+")
    #: Texts and numbers as they were written: the strategy gets texts.
    parameters = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.backtest_id)


class SentOptimization(models.Model):
    """What a client sent when it started an optimization."""

    optimization = models.OneToOneField(Optimization, on_delete=models.CASCADE, primary_key=True, related_name="sent")
    compile = models.ForeignKey(Compile, null=True, on_delete=models.SET_NULL, related_name="+")
    node_type = models.CharField(max_length=10)
    #: ``[{"name": …, "min": …, "max": …, "step": …}, …]``
    parameters = models.JSONField(default=list)

    def __str__(self) -> str:
        return str(self.optimization_id)
