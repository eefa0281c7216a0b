"""Imported once by the server that bots are forked from: what every start would otherwise do again."""

from __future__ import annotations

import ssl

from sqlalchemy.orm import configure_mappers

from bot import config
from bot.settings import Settings
from bot.store import Store
from bot.store.migrate import scripts

configure_mappers()
scripts().get_current_head()
ssl.create_default_context()
config.load("", source="nothing")
Settings.model_validate({})
Store("sqlite:////nonexistent/never-opened.db").close()
Store("postgresql+psycopg://nobody@127.0.0.1:1/never-opened").close()
