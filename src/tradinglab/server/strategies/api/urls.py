"""Where the resources of strategies are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.strategies.api import archive_views, check_views, template_views, version_views, views

_ONE = "strategies/<uuid:strategy_id>"
_VERSION = f"{_ONE}/versions/<slug:content_hash>"

urlpatterns: list[URLPattern] = [
    path("strategies/", views.StrategiesView.as_view(), name="strategies"),
    path("strategies/deleted/", views.DeletedStrategiesView.as_view(), name="strategies-deleted"),
    path("strategies/check/", check_views.CheckView.as_view(), name="strategies-check"),
    path("strategies/import/", archive_views.StrategyImportView.as_view(), name="strategies-import"),
    path("strategies/templates/", template_views.TemplatesView.as_view(), name="templates"),
    path("strategies/templates/<slug:template>/", template_views.TemplateView.as_view(), name="template"),
    path(f"{_ONE}/", views.StrategyView.as_view(), name="strategy"),
    path(f"{_ONE}/undelete/", views.StrategyUndeleteView.as_view(), name="strategy-undelete"),
    path(f"{_ONE}/duplicate/", views.StrategyDuplicateView.as_view(), name="strategy-duplicate"),
    path(f"{_ONE}/import/", archive_views.VersionImportView.as_view(), name="version-import"),
    path(f"{_ONE}/files/", version_views.FilesView.as_view(), name="files"),
    path(f"{_ONE}/versions/", version_views.VersionsView.as_view(), name="versions"),
    path(f"{_VERSION}/", version_views.VersionView.as_view(), name="version"),
    path(f"{_VERSION}/check/", check_views.VersionCheckView.as_view(), name="version-check"),
    path(f"{_VERSION}/archive/", archive_views.VersionArchiveView.as_view(), name="version-archive"),
    path(f"{_VERSION}/generated/", version_views.VersionGeneratedView.as_view(), name="version-generated"),
    path(f"{_VERSION}/restore/", version_views.VersionRestoreView.as_view(), name="version-restore"),
    path(f"{_VERSION}/diff/", version_views.VersionDiffView.as_view(), name="version-diff"),
]
