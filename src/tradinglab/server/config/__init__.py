"""What the server is told by its environment, and how Django, Celery and ASGI are set up from it."""
