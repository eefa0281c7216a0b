"""Methods that Slack has and the sandbox does not offer, as of 2026-08-20."""

from __future__ import annotations

from typing import Final

_NAMES: Final = """
agents.sessions.rename agents.sessions.setStatus api.test apps.activities.list apps.auth.external.delete
apps.auth.external.get apps.datastore.bulkDelete apps.datastore.bulkGet apps.datastore.bulkPut
apps.datastore.count apps.datastore.delete apps.datastore.get apps.datastore.put apps.datastore.query
apps.datastore.update apps.event.authorizations.list apps.icon.set apps.managed.permissions.set
apps.manifest.create apps.manifest.delete apps.manifest.export apps.manifest.update apps.manifest.validate
apps.uninstall apps.user.connection.update assistant.search.context assistant.search.info
assistant.threads.setStatus assistant.threads.setSuggestedPrompts assistant.threads.setTitle auth.revoke
auth.teams.list blocks.validate calls.add calls.end calls.info calls.participants.add
calls.participants.remove calls.update canvases.access.delete canvases.access.set canvases.create
canvases.delete canvases.edit canvases.sections.lookup chat.appendStream chat.startStream chat.stopStream
conversations.acceptSharedInvite conversations.approveSharedInvite conversations.canvases.create
conversations.declineSharedInvite conversations.externalInvitePermissions.set conversations.inviteShared
conversations.listConnectInvites conversations.requestSharedInvite.approve
conversations.requestSharedInvite.deny conversations.requestSharedInvite.list dialog.open dnd.endDnd
dnd.endSnooze dnd.info dnd.setSnooze dnd.teamInfo entity.acknowledgeCommentAction entity.presentComments
entity.presentDetails files.comments.delete files.delete files.list files.remote.add files.remote.info
files.remote.list files.remote.remove files.remote.share files.remote.update files.revokePublicURL
files.sharedPublicURL files.upload functions.completeError functions.completeSuccess
functions.distributions.permissions.add functions.distributions.permissions.list
functions.distributions.permissions.remove functions.distributions.permissions.set
functions.workflows.steps.list functions.workflows.steps.responses.export migration.exchange oauth.access
oauth.v2.access oauth.v2.exchange oauth.v2.user.access openid.connect.token openid.connect.userInfo
reminders.add reminders.complete reminders.delete reminders.info reminders.list rtm.connect rtm.start
search.all search.files search.messages slackLists.access.delete slackLists.access.set slackLists.create
slackLists.download.get slackLists.download.start slackLists.items.create slackLists.items.delete
slackLists.items.deleteMultiple slackLists.items.info slackLists.items.list slackLists.items.update
slackLists.update stars.add stars.list stars.remove team.accessLogs team.billableInfo team.billing.info
team.externalTeams.disconnect team.externalTeams.list team.integrationLogs team.preferences.list
team.profile.get tooling.tokens.rotate users.deletePhoto users.discoverableContacts.lookup users.identity
users.profile.set users.setActive users.setPhoto users.setPresence workflows.featured.add
workflows.featured.list workflows.featured.remove workflows.featured.set
workflows.triggers.permissions.add workflows.triggers.permissions.list
workflows.triggers.permissions.remove workflows.triggers.permissions.set
"""

OTHER_METHODS: Final = frozenset(_NAMES.split())


def is_slacks(method: str) -> bool:
    """True for a real method that is missing here; the family `admin` is for organisations only."""
    return method in OTHER_METHODS or method.startswith("admin.")
