"""Where the resources of instruments, watch-lists and the catalogue are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.datasets.api import bars, quotes, views, watch_lists

_LIST = "watch-lists/<uuid:watch_list_id>"

urlpatterns: list[URLPattern] = [
    path("instruments/", views.InstrumentsView.as_view(), name="instruments"),
    path("instruments/<int:instrument_id>/", views.InstrumentView.as_view(), name="instrument"),
    path("catalogue/", views.CatalogueView.as_view(), name="catalogue"),
    path("catalogue/sources/", views.CatalogueSourcesView.as_view(), name="catalogue-sources"),
    path("catalogue/refresh/", views.CatalogueRefreshView.as_view(), name="catalogue-refresh"),
    path("catalogue/<int:series_id>/", views.CatalogueSeriesView.as_view(), name="catalogue-series"),
    path("catalogue/<int:series_id>/quality/", views.SeriesQualityView.as_view(), name="catalogue-quality"),
    path(
        "catalogue/<int:series_id>/quality/page/",
        views.SeriesQualityPageView.as_view(),
        name="catalogue-quality-page",
    ),
    path("catalogue/<int:series_id>/bars/", bars.SeriesBarsView.as_view(), name="catalogue-bars"),
    path("catalogue/<int:series_id>/actions/", bars.SeriesActionsView.as_view(), name="catalogue-actions"),
    path("quotes/", quotes.QuotesView.as_view(), name="quotes"),
    path("watch-lists/", watch_lists.WatchListsView.as_view(), name="watch-lists"),
    path(f"{_LIST}/", watch_lists.WatchListView.as_view(), name="watch-list"),
    path(f"{_LIST}/instruments/", watch_lists.WatchListEntriesView.as_view(), name="watch-list-entries"),
    path(
        f"{_LIST}/instruments/<int:instrument_id>/",
        watch_lists.WatchListEntryView.as_view(),
        name="watch-list-entry",
    ),
]
