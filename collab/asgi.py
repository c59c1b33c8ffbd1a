"""The ASGI application: HTTP to Django, sockets through origin and session checks to their consumer."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collab.settings")
http = get_asgi_application()

# These import models, so they come after Django's set-up.
from collab.bodies import BodyLimit  # noqa: E402
from collab.routing import Programs, websocket_urlpatterns  # noqa: E402
from collab.uploads import UploadIntake  # noqa: E402
from realtime.middleware import OriginCheck, SessionAuthentication  # noqa: E402
from realtime.services import StartServices  # noqa: E402

application = StartServices(
    ProtocolTypeRouter(
        {
            "http": UploadIntake(BodyLimit(http, settings.REQUEST_BODY_BYTES)),
            "websocket": Programs(OriginCheck(SessionAuthentication(URLRouter(websocket_urlpatterns)))),
        }
    )
)
