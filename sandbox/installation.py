"""The app under test as the workspace knows it: ids, tokens and what its manifest grants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.ids import named_id
from sandbox.validation.manifest import Manifest, load_manifest


@dataclass
class Installation:
    """The installed app. Clearing `is_installed` makes every token invalid."""

    manifest: Manifest
    bot_token: str
    app_token: str
    signing_secret: str
    app_id: str
    bot_id: str
    bot_user: str
    verification_token: str = "sandbox-verification-token"  # noqa: S105 - deprecated by Slack, proves nothing
    is_installed: bool = True

    @classmethod
    def create(
        cls, manifest: Mapping[str, object], *, bot_token: str, app_token: str, signing_secret: str
    ) -> Installation:
        """Installs the app with ids that depend on its name only. Raises InvalidManifestError."""
        declared = load_manifest(manifest)
        return cls(
            manifest=declared,
            bot_token=bot_token,
            app_token=app_token,
            signing_secret=signing_secret,
            app_id=named_id("A", "app", declared.name),
            bot_id=named_id("B", "bot", declared.name),
            bot_user=named_id("U", "bot", declared.name),
        )

    @property
    def scopes(self) -> frozenset[str]:
        """The granted bot scopes, optional ones included."""
        return self.manifest.bot_scopes | self.manifest.optional_bot_scopes

    def has_scope(self, *any_of: str) -> bool:
        """True if one of the scopes was granted."""
        return bool(self.scopes.intersection(any_of))
