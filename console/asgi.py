"""What uvicorn serves."""

import os

from django.core.asgi import get_asgi_application

from console.preflight import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

application = get_asgi_application()
refuse_unsafe()
