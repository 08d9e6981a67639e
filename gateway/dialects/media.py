"""Images and documents: by address, or within the request as a `data:` URL."""

from __future__ import annotations

from typing import Any


def split_data_url(url: str) -> dict[str, Any]:
    """The fields of `Image` or `Document`."""
    if not url.startswith("data:"):
        return {"url": url}
    head, _, data = url[5:].partition(",")
    return {"media_type": head.removesuffix(";base64"), "data": data}


def join_data_url(media_type: str, data: str) -> str:
    return f"data:{media_type};base64,{data}"


def media_type_of(url: str, usual: str) -> str:
    """By the ending of its path; `usual` where that tells nothing."""
    path = url.partition("?")[0].partition("#")[0]
    return _ENDINGS.get(path.rpartition(".")[2].lower(), usual)


_ENDINGS = {
    "csv": "text/csv",
    "gif": "image/gif",
    "heic": "image/heic",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "md": "text/markdown",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain",
    "webm": "video/webm",
    "webp": "image/webp",
}
