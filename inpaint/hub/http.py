"""The HTTP library of the installed huggingface_hub, whose errors it passes through: httpx2, or httpx in version 1."""

try:
    import httpx2
except ModuleNotFoundError:
    import httpx as httpx2  # type: ignore[import-not-found,no-redef,unused-ignore]

__all__ = ["httpx2"]
