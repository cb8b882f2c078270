"""Users and their tokens."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class User:
    """An account with one token. `role` is what the token may do: "write" or "read"."""

    name: str
    token: str
    role: str = "write"
    orgs: tuple[str, ...] = ()

    def owns(self, namespace: str) -> bool:
        return namespace == self.name or namespace in self.orgs


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token of an Authorization header, or None."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def profile(user: User) -> dict[str, object]:
    """Return the response of whoami."""
    return {
        "type": "user",
        "id": f"id-{user.name}",
        "name": user.name,
        "fullname": user.name.capitalize(),
        "email": f"{user.name}@example.org",
        "avatarUrl": "/avatars/none.svg",
        "isPro": False,
        "orgs": [{"type": "org", "name": org, "fullname": org} for org in user.orgs],
        "auth": {"type": "access_token", "accessToken": {"displayName": "tests", "role": user.role}},
    }
