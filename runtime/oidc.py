"""Sign-in by the office's own provider: OpenID Connect, authorization code with PKCE.

Assumes that the provider asks for a second factor where one is due, and that it alone says who a person is: a
claim of its token is the username. Keys are kept for ten minutes; an unknown key is looked for at once, but at
most every thirty seconds.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

CHANGED_BY_PEOPLE: Final = frozenset(
    {
        "email",
        "family_name",
        "given_name",
        "middle_name",
        "name",
        "nickname",
        "phone_number",
        "preferred_username",
    }
)
"""Claims that people may change at some providers: a person who took a colleague's there could sign in as them."""
_SCOPE: Final = "openid profile"
_ALGORITHMS: Final = ["RS256", "ES256", "PS256"]
_FRESH_SECONDS: Final = 600.0
_AGAIN_SECONDS: Final = 30.0
_LEEWAY_SECONDS: Final = 60
_WAITS_SECONDS: Final = 5.0


class ProviderAway(Exception):
    """The provider does not answer, or not as the specification says."""


class SignInRefused(Exception):
    """The provider's answer does not prove who a person is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """Where to send the browser, and what to remember until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """The office's provider of identities."""

    def __init__(
        self, *, issuer: str, client_id: str, client_secret: str, returns_to: str, username_claim: str
    ) -> None:
        """Keep the provider's address, our credentials there, and the claim that is the username."""
        self.issuer = issuer.rstrip("/")
        self._client_id, self._client_secret = client_id, client_secret
        self._returns_to, self._username_claim = returns_to, username_claim
        self._lock = asyncio.Lock()
        self._document: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = -_FRESH_SECONDS

    async def depart(self) -> Departure:
        """Begin a sign-in.

        Raises:
            ProviderAway: it does not answer.
        """
        await self._refresh()
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
        async with self._client() as client:
            url, state = client.create_authorization_url(
                self._document["authorization_endpoint"], code_verifier=verifier, nonce=nonce
            )
        return Departure(url=url, state=state, nonce=nonce, verifier=verifier)

    async def arrive(self, code: str, *, verifier: str, nonce: str) -> str:
        """Finish a sign-in: exchange the code, check the token, and return the username.

        Raises:
            ProviderAway: it does not answer.
            SignInRefused: the code or the token proves nothing.
        """
        await self._refresh()
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    self._document["token_endpoint"], code=code, code_verifier=verifier
                )
        except OAuthError as error:
            raise SignInRefused(f"the provider refuses the code: {error.error}") from error
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderAway(f"the token endpoint does not answer: {type(error).__name__}") from error
        claims = await self._claims(str(token.get("id_token", "")), nonce)
        username = claims.get(self._username_claim)
        if not isinstance(username, str) or not username:
            raise SignInRefused(f"the token has no claim {self._username_claim!r}")
        return username

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._client_id,
            self._client_secret,
            scope=_SCOPE,
            redirect_uri=self._returns_to,
            code_challenge_method="S256",
            timeout=_WAITS_SECONDS,
        )

    async def _claims(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        for is_last in (False, True):
            if self._keys is None:
                raise ProviderAway("the provider has no keys")
            try:
                token = jwt.decode(id_token, self._keys, algorithms=_ALGORITHMS)
                break
            except (JoseError, ValueError) as error:
                # Perhaps the provider has changed its keys.
                if is_last or not await self._refresh(unless_read_within=_AGAIN_SECONDS):
                    raise SignInRefused(f"the token is not the provider's: {type(error).__name__}") from error
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._document["issuer"]},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(token.claims)
        except JoseError as error:
            raise SignInRefused(f"the token is not for this sign-in: {error.description}") from error
        return token.claims

    async def _refresh(self, *, unless_read_within: float = _FRESH_SECONDS) -> bool:
        """Read the provider's document and keys again if they are older; while it is away, the known ones stay."""
        async with self._lock:
            if time.monotonic() - self._read_at < unless_read_within:
                return False
            try:
                async with httpx2.AsyncClient(timeout=_WAITS_SECONDS) as http:
                    document = await self._read(http, f"{self.issuer}/.well-known/openid-configuration")
                    if str(document.get("issuer", "")).rstrip("/") != self.issuer:
                        raise ProviderAway(f"the document at {self.issuer} is another issuer's")
                    keys = KeySet.import_key_set(await self._read(http, document["jwks_uri"]))
            except (httpx2.HTTPError, ValueError, KeyError, JoseError) as error:
                if self._keys is None:
                    raise ProviderAway(f"{self.issuer} does not answer: {type(error).__name__}") from error
                return False
            self._document, self._keys, self._read_at = document, keys, time.monotonic()
            return True

    @staticmethod
    async def _read(http: httpx2.AsyncClient, url: str) -> Any:
        return (await http.get(url)).raise_for_status().json()
