"""A small OpenID provider for tests of the sign-in: `python -m tests.support.machine.oidc_provider PORT`.

It asks for no password: the person named by `/choose?sub=…` is signed in. Everything else follows the
specification: discovery, code with PKCE (S256), one use of a code, a signed token with nonce, keys that rotate.
"""

import base64
import hashlib
import secrets
import sys
import time
from typing import Annotated, Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "dingdan", "a-secret-of-the-provider"


def provider(issuer: str) -> FastAPI:
    """Build the provider."""
    app = FastAPI()
    state: dict[str, Any] = {"key": RSAKey.generate_key(2048, {"kid": "1"}), "sub": "desk-1", "claims": {}}
    codes: dict[str, dict[str, str]] = {}

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, str]:
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
        }

    @app.get("/keys")
    async def keys() -> dict[str, Any]:
        return {"keys": [state["key"].as_dict(private=False)]}

    @app.get("/choose")
    async def choose(
        sub: str, nonce: str = "", audience: str = "", rotate: str = "", called: str = ""
    ) -> dict[str, str]:
        state["sub"], state["claims"] = sub, {"nonce": nonce, "aud": audience, "called": called}
        if rotate:
            state["key"] = RSAKey.generate_key(2048, {"kid": rotate})
        return {"sub": sub}

    @app.get("/authorize")
    async def authorize(
        client_id: str,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_challenge: str,
        code_challenge_method: str,
        response_type: str,
    ) -> Response:
        assert (client_id, code_challenge_method, response_type) == (CLIENT_ID, "S256", "code")
        code = secrets.token_urlsafe(16)
        codes[code] = {"nonce": nonce, "challenge": code_challenge, "redirect_uri": redirect_uri}
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}")

    @app.post("/token")
    async def token(
        code: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
    ) -> Response:
        known = codes.pop(code, None)
        digest = hashlib.sha256(code_verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if known is None or known["challenge"] != challenge or known["redirect_uri"] != redirect_uri:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        claims = {
            "iss": issuer,
            "aud": state["claims"].get("aud") or CLIENT_ID,
            "sub": state["sub"],
            "preferred_username": state["claims"].get("called") or state["sub"],
            "nonce": state["claims"].get("nonce") or known["nonce"],
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
        }
        signed = jwt.encode({"alg": "RS256", "kid": state["key"].kid}, claims, state["key"])
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})

    return app


if __name__ == "__main__":
    port = int(sys.argv[1])
    uvicorn.run(provider(f"http://127.0.0.1:{port}"), host="127.0.0.1", port=port, log_level="warning")
