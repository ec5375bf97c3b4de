"""The console's pages by address; each is a function of one of the modules beside this one."""

from flask import Blueprint

from api.console import (
    auditing,
    disposing,
    entering,
    governing,
    holding,
    knowing,
    providing,
    purging,
    reading,
    retention_events,
    saving,
    searching,
    site,
    terms,
    text,
    users,
    watching,
)
from policies.form import write_policy

blueprint = Blueprint("console", __name__)
blueprint.before_request(site.refuse_foreign_forms)
blueprint.app_context_processor(site.shared)
for written in (
    text.attachment_state,
    text.by_role,
    text.byte_size,
    text.day,
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

blueprint.add_app_template_filter(terms.told, "terms")
blueprint.add_app_template_filter(write_policy, "yaml")

for address, page in (
    ("/", searching.search),
    ("/overview", searching.overview),
    ("/hits", searching.hits),
    ("/searches", saving.searches),
    ("/unsearchable", searching.unsearchable),
    ("/interactions/<uuid:id>", reading.record),
    ("/interactions/<uuid:id>/as-sent", reading.as_sent),
    ("/interactions/<uuid:id>/history", reading.history),
    ("/interactions/<uuid:id>/retention", reading.retention),
    ("/interactions/<uuid:id>/similar", reading.similar),
    ("/interactions/<uuid:id>/original", reading.original),
    ("/interactions/<uuid:id>/proof", reading.proof),
    ("/conversations/<uuid:id>", reading.conversation),
    ("/audit", auditing.audit),
    ("/holds", holding.everything),
    ("/holds/<string:id>", holding.hold),
    ("/policies", governing.policies),
    ("/policies/<string:id>", governing.policy),
    ("/policies/<string:id>/lock", governing.lock_form),
    ("/new-policy", governing.policy_form),
    ("/dispositions", disposing.dispositions),
    ("/dispositions/<int:id>", disposing.disposition),
    ("/retention-events", retention_events.retention_events),
    ("/retention-events/<uuid:id>", retention_events.retention_event),
    ("/purges", purging.purges),
    ("/purges/<uuid:id>", purging.purge),
    ("/due", purging.due),
    ("/certificates", purging.certificates),
    ("/certificates/<uuid:id>", purging.certificate),
    ("/people", knowing.people),
    ("/people/<uuid:id>", knowing.person),
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
    ("/new-policy", governing.propose_policy),
    ("/policies/<string:id>/simulate", governing.simulate_policy),
    ("/policies/<string:id>/approve", governing.approve_policy),
    ("/policies/<string:id>/withdraw", governing.withdraw_policy),
    ("/policies/<string:id>/end", governing.end_policy),
    ("/policies/<string:id>/lock", governing.lock_policy),
    ("/dispositions", disposing.open_dispositions),
    ("/dispositions/<int:id>", disposing.decide),
    ("/retention-events", retention_events.record_retention_event),
    ("/retention-events/<uuid:id>/correct", retention_events.correct_retention_event),
    ("/retention-events/<uuid:id>/cancel", retention_events.cancel_retention_event),
    ("/retention-events/<uuid:id>/approve", retention_events.approve_retention_event),
    ("/retention-events/<uuid:id>/withdraw", retention_events.withdraw_retention_event),
    ("/purges", purging.run_purge),
    ("/people", knowing.record_person),
    ("/people/<uuid:id>/aliases", knowing.alias_person),
    ("/people/<uuid:id>/merge", knowing.merge_person),
    ("/people/<uuid:id>/split", knowing.split_person),
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
