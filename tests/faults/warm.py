"""Imported once by the server that bots are forked from: what every start would otherwise do again."""

from __future__ import annotations

import ssl

from alembic.script import ScriptDirectory
from sqlalchemy.orm import configure_mappers

from bot import config
from bot.settings import Settings
from bot.store import Store
from bot.store.migrate import script_config

configure_mappers()
ScriptDirectory.from_config(script_config()).get_current_head()
ssl.create_default_context()
config.load("", source="nothing")
Settings.model_validate({})
Store("sqlite:////nonexistent/never-opened.db").close()
Store("postgresql+psycopg://nobody@127.0.0.1:1/never-opened").close()
