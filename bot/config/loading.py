"""desk.yaml → a checked configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.config.canonical import digest
from bot.config.model import DeskConfig
from bot.config.problems import ConfigError, ConfigProblem
from bot.config.sections import read_config
from bot.config.shapes import Reading
from bot.config.source import read_source
from bot.errors import DeskbellError

# Checked and stored before anything acts on them. Take a name out when its practice is built.
NOT_BUILT = frozenset({"catalogue", "services"})


@dataclass(frozen=True, kw_only=True)
class LoadedConfig:
    """A configuration that can be applied, and what is worth saying about it.

    `digest` is equal for files that mean the same; `inactive` names the sections that nothing acts on yet.
    """

    config: DeskConfig
    warnings: tuple[ConfigProblem, ...]
    digest: str
    text: str
    inactive: tuple[str, ...]


class UnreadableFile(DeskbellError):
    """A desk.yaml that is no text; `what` is wrong with it, and the `fix`."""

    def __init__(self, what: str, fix: str) -> None:
        self.what, self.fix = what, fix
        super().__init__(f"{what}: {fix}")


def load_file(path: Path) -> LoadedConfig:
    """Read and check the desk.yaml of that path. Raises `UnreadableFile` and `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UnreadableFile(f"{path} is not UTF-8 text", "save it as UTF-8.") from None
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read ({error.strerror})", "check its permissions.") from None
    return load(text, source=str(path))


def load(text: str, *, source: str = "desk.yaml") -> LoadedConfig:
    """Read and check a whole desk.yaml. `source` is what the file is called in messages.

    Raises `ConfigError` with every problem found.
    """
    root, problems = read_source(text, source=source)
    reading = Reading(problems=problems)
    config = read_config(root, reading)
    if reading.problems:
        raise ConfigError(reading.problems, source=source)
    return LoadedConfig(
        config=config,
        warnings=tuple(sorted(dict.fromkeys(reading.warnings), key=lambda w: w.line or 0)),
        digest=digest(config),
        text=text,
        inactive=tuple(_inactive(config)),
    )


def _inactive(config: DeskConfig) -> Iterator[str]:
    given = {
        "catalogue": bool(config.catalogue),
        "services": bool(config.services),
    }
    yield from (name for name, is_given in given.items() if is_given and name in NOT_BUILT)
