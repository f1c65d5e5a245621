"""Where everything is."""

urlpatterns: list[object] = []
