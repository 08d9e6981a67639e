"""Serves the gallery on a free port until interrupted."""

import base64
import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

os.environ.setdefault("SECRET_KEY", "of-the-gallery-and-of-no-installation-at-all-0123456789")
os.environ.setdefault("MASTER_KEYS", "gallery:" + base64.b64encode(bytes(range(32))).decode())
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.browser.gallery.settings"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        return


if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application

    with make_server(
        "127.0.0.1", int(os.environ.get("PORT", "0")), get_wsgi_application(), handler_class=Quiet
    ) as server:
        print(f"http://127.0.0.1:{server.server_port}/t/northwind/", flush=True)
        server.serve_forever()
