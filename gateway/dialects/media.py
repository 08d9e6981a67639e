"""Images and documents: by address, or within the request as a `data:` URL."""

from __future__ import annotations


def split_data_url(url: str) -> dict[str, str]:
    """The fields of `Image` or `Document`."""
    if not url.startswith("data:"):
        return {"url": url}
    head, _, data = url[5:].partition(",")
    return {"media_type": head.removesuffix(";base64"), "data": data}


def join_data_url(media_type: str, data: str) -> str:
    return f"data:{media_type};base64,{data}"
