"""Where the resources of data jobs are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.data_jobs.api import views

_JOB = "data-jobs/<uuid:data_job_id>"

urlpatterns: list[URLPattern] = [
    path("data-jobs/", views.DataJobsView.as_view(), name="data-jobs"),
    path("data-jobs/download/", views.DownloadsView.as_view(), name="data-jobs-download"),
    path("data-jobs/update/", views.UpdatesView.as_view(), name="data-jobs-update"),
    path(f"{_JOB}/", views.DataJobView.as_view(), name="data-job"),
    path(f"{_JOB}/pause/", views.DataJobPauseView.as_view(), name="data-job-pause"),
    path(f"{_JOB}/resume/", views.DataJobResumeView.as_view(), name="data-job-resume"),
    path(f"{_JOB}/cancel/", views.DataJobCancelView.as_view(), name="data-job-cancel"),
    path(f"{_JOB}/retry/", views.DataJobRetryView.as_view(), name="data-job-retry"),
    path(f"{_JOB}/items/", views.DataJobItemsView.as_view(), name="data-job-items"),
    path(f"{_JOB}/items/<int:item_id>/", views.DataJobItemView.as_view(), name="data-job-item"),
]
