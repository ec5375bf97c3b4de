"""The console's pages by address; each is a function of one of the modules beside this one."""

from flask import Blueprint

from api.console import (
    auditing,
    entering,
    holding,
    providing,
    reading,
    saving,
    searching,
    site,
    text,
    users,
    watching,
)

blueprint = Blueprint("console", __name__)
blueprint.before_request(site.refuse_foreign_forms)
blueprint.app_context_processor(site.shared)
for written in (
    text.attachment_state,
    text.by_role,
    text.byte_size,
    text.duration,
    text.label,
    text.lines,
    text.moment,
    text.number,
    text.segments,
    text.share,
    text.title,
):
    blueprint.add_app_template_filter(written)

for address, page in (
    ("/", searching.search),
    ("/overview", searching.overview),
    ("/hits", searching.hits),
    ("/searches", saving.searches),
    ("/unsearchable", searching.unsearchable),
    ("/interactions/<uuid:id>", reading.record),
    ("/interactions/<uuid:id>/as-sent", reading.as_sent),
    ("/interactions/<uuid:id>/history", reading.history),
    ("/interactions/<uuid:id>/similar", reading.similar),
    ("/interactions/<uuid:id>/original", reading.original),
    ("/interactions/<uuid:id>/proof", reading.proof),
    ("/conversations/<uuid:id>", reading.conversation),
    ("/audit", auditing.audit),
    ("/holds", holding.everything),
    ("/holds/<string:id>", holding.hold),
    ("/status", watching.status),
    ("/log", watching.log),
    ("/users", users.everybody),
    ("/users/<uuid:id>", users.user),
    ("/sign-in", entering.sign_in),
    ("/sign-in/openid", providing.to_provider),
    ("/sign-in/openid/return", providing.from_provider),
):
    blueprint.add_url_rule(address, view_func=page, methods=["GET"])

for address, form in (
    ("/sign-in", entering.enter),
    ("/sign-out", entering.leave),
    ("/purpose", entering.choose_purpose),
    ("/appearance", entering.choose_appearance),
    ("/holds", holding.place),
    ("/holds/<string:id>/scope", holding.change),
    ("/holds/<string:id>/release", holding.release),
    ("/searches", saving.save_search),
    ("/searches/<uuid:id>/remove", saving.remove_search),
    ("/users", users.register),
    ("/users/<uuid:id>/roles", users.change_roles),
    ("/users/<uuid:id>/custodians", users.restrict),
    ("/users/<uuid:id>/enabled", users.change_enabled),
    ("/users/<uuid:id>/password", users.set_password),
    ("/users/<uuid:id>/codes", users.change_codes),
    ("/users/<uuid:id>/sign-out", users.end_sessions),
    ("/users/<uuid:id>/tokens", users.issue_token),
    ("/users/<uuid:id>/tokens/<string:token_id>/revoke", users.revoke_token),
):
    blueprint.add_url_rule(address, view_func=form, methods=["POST"])
