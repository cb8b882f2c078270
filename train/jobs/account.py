"""Who trains: the account of a token."""

from huggingface_hub import HfApi, get_token

from inpaint.hub.retry import retry

from .errors import explained


def machine_token() -> str | None:
    """Return the token of this machine; None if it is not signed in."""
    return get_token()


def account_name(token: str) -> str:
    """Return the name of a token's account; JobError if the token is invalid or the Hub cannot be reached."""
    with explained("The account could not be looked up", token):
        return str(retry(lambda: HfApi(token=token).whoami(token=token))["name"])
