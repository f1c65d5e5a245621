"""Where the resources of data jobs are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.data_jobs.api import import_views, preflights, schedule_views, views

_JOB = "data-jobs/<uuid:data_job_id>"
_ITEM = f"{_JOB}/items/<int:item_id>"
_UPLOAD = "data-uploads/<uuid:upload_id>"
_SCHEDULE = "data-schedules/<uuid:schedule_id>"

urlpatterns: list[URLPattern] = [
    path("backtests/preflight/", preflights.PreflightView.as_view(), name="backtest-preflight"),
    path("data-jobs/", views.DataJobsView.as_view(), name="data-jobs"),
    path("data-jobs/download/", views.DownloadsView.as_view(), name="data-jobs-download"),
    path("data-jobs/update/", views.UpdatesView.as_view(), name="data-jobs-update"),
    path("data-jobs/import/", import_views.ImportsView.as_view(), name="data-jobs-import"),
    path(f"{_JOB}/", views.DataJobView.as_view(), name="data-job"),
    path(f"{_JOB}/pause/", views.DataJobPauseView.as_view(), name="data-job-pause"),
    path(f"{_JOB}/resume/", views.DataJobResumeView.as_view(), name="data-job-resume"),
    path(f"{_JOB}/cancel/", views.DataJobCancelView.as_view(), name="data-job-cancel"),
    path(f"{_JOB}/retry/", views.DataJobRetryView.as_view(), name="data-job-retry"),
    path(f"{_JOB}/items/", views.DataJobItemsView.as_view(), name="data-job-items"),
    path(f"{_JOB}/items/<int:item_id>/", views.DataJobItemView.as_view(), name="data-job-item"),
    path(f"{_ITEM}/quality/", import_views.ItemQualityView.as_view(), name="data-job-item-quality"),
    path(f"{_ITEM}/quality/page/", import_views.ItemQualityPageView.as_view(), name="data-job-item-quality-page"),
    path("data-uploads/", import_views.UploadsView.as_view(), name="data-uploads"),
    path(f"{_UPLOAD}/", import_views.UploadView.as_view(), name="data-upload"),
    path(f"{_UPLOAD}/preview/", import_views.UploadPreviewView.as_view(), name="data-upload-preview"),
    path("data-schedules/", schedule_views.SchedulesView.as_view(), name="data-schedules"),
    path(f"{_SCHEDULE}/", schedule_views.ScheduleView.as_view(), name="data-schedule"),
    path(f"{_SCHEDULE}/run/", schedule_views.ScheduleRunView.as_view(), name="data-schedule-run"),
]
