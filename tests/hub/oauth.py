"""Sign-in with Hugging Face: the OpenID provider of a Space."""

import html
import secrets
import time
import urllib.parse
from typing import TYPE_CHECKING

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.hub.messages import HubError, Request, Response, reply
from tests.hub.users import User

if TYPE_CHECKING:
    from tests.hub.server import Hub

TOKEN_LIFETIME_S = 8 * 3600


class SignIns:
    """Authorization codes that were issued, and the key that signs ID tokens. Issued tokens become users of the Hub."""

    def __init__(self) -> None:
        self._key: RSAKey | None = None
        self.codes: dict[str, tuple[str, str, str, str]] = {}

    @property
    def key(self) -> RSAKey:
        """The key that signs ID tokens, generated when it is first used."""
        if self._key is None:
            self._key = RSAKey.generate_key(2048, parameters={"kid": "tests"}, auto_kid=False)
        return self._key


def configuration(hub: "Hub", request: Request) -> Response:
    return reply(
        {
            "issuer": hub.url,
            "authorization_endpoint": f"{hub.url}/oauth/authorize",
            "token_endpoint": f"{hub.url}/oauth/token",
            "jwks_uri": f"{hub.url}/oauth/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )


def jwks(hub: "Hub", request: Request) -> Response:
    return reply({"keys": [hub.sign_ins.key.as_dict(private=False)]})


def authorize(hub: "Hub", request: Request) -> Response:
    """Show a page to choose an account; then redirect back with an authorization code."""
    query = {name: values[0] for name, values in request.query.items()}
    name = query.pop("as", None)
    if name is None:
        known = dict.fromkeys(user.name for user in hub.users)
        links = (
            f'<a id="{n}" href="?{html.escape(urllib.parse.urlencode({**query, "as": n}))}">{n}</a>' for n in known
        )
        page = f"<h1>Sign in</h1><p>Scope: {html.escape(query['scope'])}</p>{' '.join(links)}"
        return Response(200, page.encode(), {"Content-Type": "text/html"})
    code = secrets.token_urlsafe(16)
    hub.sign_ins.codes[code] = (name, query["client_id"], query["redirect_uri"], query.get("nonce", ""))
    back = urllib.parse.urlsplit(query["redirect_uri"])
    answer = [*urllib.parse.parse_qsl(back.query), ("code", code), ("state", query["state"])]
    return Response(302, b"", {"Location": back._replace(query=urllib.parse.urlencode(answer)).geturl()})


def token(hub: "Hub", request: Request) -> Response:
    """Exchange an authorization code, once, for an access token and an ID token."""
    form = {name: values[0] for name, values in request.form().items()}
    if form["code"] not in hub.sign_ins.codes:
        raise HubError(400, "invalid_grant")
    name, client, redirect, nonce = hub.sign_ins.codes.pop(form["code"])
    if form["redirect_uri"] != redirect:
        raise HubError(400, "invalid_grant")
    user = User(name, f"hf_oauth_{secrets.token_hex(16)}")
    hub.users.append(user)
    now = int(time.time())
    claims = {
        "iss": hub.url, "aud": client, "sub": f"id-{name}", "iat": now, "exp": now + TOKEN_LIFETIME_S, "nonce": nonce,
        "name": name.capitalize(), "preferred_username": name, "profile": f"{hub.url}/{name}", "picture": "",
    }  # fmt: skip
    id_token = jwt.encode({"alg": "RS256", "kid": "tests"}, claims, hub.sign_ins.key)
    answer = {
        "access_token": user.token,
        "token_type": "bearer",
        "expires_in": TOKEN_LIFETIME_S,
        "scope": "openid profile jobs",
    }
    return reply(answer | {"id_token": id_token})
