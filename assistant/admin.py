"""The back office of the assistant: agents, runs and what they cost, what was spent, what rooms chose.

Called by Django's admin. Shows no key, no note and no text of a room; agents are changed through services.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, QueryDict

from accounts.admin.site import ReadOnly, me
from accounts.services import record_audit
from accounts.texts import DISPLAY_NAME_CHARS, USERNAME_CHARS
from assistant import backends, quotas, runner
from assistant.backends import BackendFailed
from assistant.models import Agent, Note, PersonChoice, RoomChoice, Run, Spending, Step
from assistant.selectors import agents as selectors
from assistant.selectors import usage
from assistant.services import agents as services
from assistant.services import halt_run
from realtime.lookups import ShownLookups
from realtime.protocol import Refused

SHOWN_MODELS = 8
AGENT_FIELDS = ("model", "base_url", "key_env", "prompt", "temperature", "answer_tokens")
PROMPT_ATTRS = {"rows": 8, "cols": 90}


def _with_scheme(field: Any, **given: Any) -> Any:
    """A form's field for a model's; Django wants to be told what an address without a scheme means."""
    return field.formfield(**(given | {"assume_scheme": "https"} if field.name == "base_url" else given))


class AgentForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """An agent; a new one is made with its account."""

    username = forms.CharField(max_length=USERNAME_CHARS, help_text="How people call it: @name.")
    display_name = forms.CharField(max_length=DISPLAY_NAME_CHARS, help_text="How it is shown.")

    class Meta:
        model = Agent
        fields = AGENT_FIELDS
        formfield_callback = _with_scheme
        widgets = {"prompt": forms.Textarea(attrs=PROMPT_ATTRS)}
        help_texts = {
            "key_env": "Name of the environment variable that holds the key, never the key itself. "
            "Empty: the site's, or none for an address of its own."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["username"], self.fields["display_name"]

    def clean_temperature(self) -> float | None:
        value: float | None = self.cleaned_data["temperature"]
        if value is not None and not 0 <= value <= 2:
            raise forms.ValidationError("Between 0 and 2.")
        return value

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"]
        if url and not url.startswith(("http://", "https://")):
            raise forms.ValidationError("An address that begins with http:// or https://.")
        return url

    def clean_key_env(self) -> str:
        name: str = self.cleaned_data["key_env"]
        if name and not selectors.may_hold_key(name):
            # Whoever put the key itself here does not get it back in the page.
            self.data = {**self.data.dict(), "key_env": ""} if isinstance(self.data, QueryDict) else {}
            raise forms.ValidationError(f"The name of a variable that ends in {selectors.KEY_ENDING}, not the key.")
        return name

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.instance._state.adding and not self.errors:
            try:
                services.check_names(username=given["username"], display_name=given["display_name"])
            except Refused as refused:
                self.add_error(refused.field or None, refused.message)
        return given


@admin.register(Agent)
class AgentAdmin(ShownLookups):
    """Who can be asked, and whether the model behind it answers."""

    form = AgentForm
    list_display = ("user", "is_default", "model_in_force", "address", "variable", "key_is_set", "ready")
    list_filter = ("is_default",)
    search_fields = ("user__username", "user__display_name", "model", "base_url")
    search_help_text = "A name, a model or an address."
    list_select_related = ("user",)
    ordering = ("-is_default", "pk")
    actions = ("test_connection", "make_default")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **given: Any) -> Any:
        """As the form has it."""
        if db_field.name == "base_url":
            given["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **given)

    @admin.display(description="Model", ordering="model")
    def model_in_force(self, agent: Agent) -> str:
        """The model where a room chose none."""
        return selectors.models_of(agent)[0]

    @admin.display(description="Address", ordering="base_url")
    def address(self, agent: Agent) -> str:
        """Where it is asked."""
        return selectors.base_url_of(agent)

    @admin.display(description="Key in")
    def variable(self, agent: Agent) -> str:
        """The name of the variable, never its value."""
        return selectors.key_env_of(agent) or "none wanted"

    @admin.display(boolean=True, description="Key is set")
    def key_is_set(self, agent: Agent) -> bool | None:
        """Whether the variable has a value; unknown where none is wanted."""
        return None if not selectors.key_env_of(agent) else not selectors.problem_of(agent)

    @admin.display(description="Can answer")
    def ready(self, agent: Agent) -> str:
        """Yes, or what is missing."""
        if not agent.user.is_active:
            return selectors.CLOSED
        return selectors.problem_of(agent) or "yes"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers: an address and the name of a key decide where rooms' words and the key are sent."""
        return me(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for making one."""
        return me(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An agent goes with its account, which answers belong to: it is deactivated there."""
        return False

    def get_fields(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        """A new one asks for its names."""
        return AGENT_FIELDS if obj is not None else ("username", "display_name", *AGENT_FIELDS)

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        """Through the services, which write into the trail."""
        if change:
            services.change_agent(actor=me(request), agent=obj, changed=list(form.changed_data))
            return
        given = {name: form.cleaned_data[name] for name in AGENT_FIELDS}
        names = {name: form.cleaned_data[name] for name in ("username", "display_name")}
        made = services.make_agent(actor=me(request), **names, **given)
        obj.pk, obj._state.adding = made.pk, False

    @admin.action(description="Test the connection", permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Agent]) -> None:
        """Asks each provider for its models, from the server, and says what came of it."""
        for agent in queryset.select_related("user"):
            words, level = _tested(agent)
            self.message_user(request, f"{agent}: {words}", level)

    @admin.action(description="Make the default", permissions=["change"])
    def make_default(self, request: HttpRequest, queryset: QuerySet[Agent]) -> None:
        """One of them answers where rooms chose nobody."""
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(request, "Choose exactly one agent.", messages.ERROR)
            return
        services.make_default(actor=me(request), agent_id=chosen[0].pk)
        self.message_user(request, f"{chosen[0]} answers by default now.", messages.SUCCESS)


def _tested(agent: Agent) -> tuple[str, int]:
    """What a test of an agent's provider found, in words, and how bad it is."""
    if problem := selectors.problem_of(agent):
        return problem, messages.ERROR
    try:
        found = async_to_sync(_list_models)(selectors.base_url_of(agent), selectors.key_env_of(agent))
    except BackendFailed as failed:
        return f"{failed.words} {failed.mend}".strip(), messages.ERROR
    wanted = selectors.models_of(agent)[0]
    listed = ", ".join(found[:SHOWN_MODELS]) + (
        f" and {len(found) - SHOWN_MODELS} more" if len(found) > SHOWN_MODELS else ""
    )
    if found and wanted not in found:
        return f"It answers, but does not list {wanted}. It lists {listed}.", messages.WARNING
    return f"It answers. Models: {listed or 'it lists none'}.", messages.SUCCESS


async def _list_models(base_url: str, key_env: str) -> list[str]:
    try:
        return await backends.models(base_url, key_env)
    finally:
        await backends.close()  # the loop of this request ends, and its connections with it


class StepInline(admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable when it runs
    """What a run did, without the words of the room."""

    model = Step
    fields = ("at", "kind", "refused", "ms")
    readonly_fields = fields
    can_delete = False
    extra = 0
    ordering = ("pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _InSeenRooms(ReadOnly):
    """Rows of rooms that this member of staff may see."""

    room_path = "room"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Public rooms only, unless a superuser asks."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if me(request).is_superuser else rows.filter(**{f"{self.room_path}__kind": "public"})


@admin.register(Run)
class RunAdmin(_InSeenRooms):
    """Runs, newest first: who asked where, how it ended, what it took. What was said stands in the room."""

    list_display = (
        "created_at", "asker", "room", "kind", "state", "fault", "model", "input_tokens", "output_tokens", "estimated",
        "cost", "took",
    )  # fmt: skip
    list_filter = ("state", "kind", "fault", "model", "demo", "estimated", "room__kind", "day")
    search_fields = ("=id", "=message__id", "asker__username", "asker__display_name", "=room__slug", "=model")
    search_help_text = "A person, a room's address, a model, or the id of a run or an answer."
    list_select_related = ("asker", "room")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    inlines = (StepInline,)
    actions = ("stop",)
    fields = (
        "id", "kind", "state", "fault", "problem", "agent", "asker", "room", "message", "answer_no", "model", "demo",
        "rounds", "input_tokens", "output_tokens", "estimated", "cost", "reserved_tokens", "day", "lane", "holder",
        "held_until", "stop_wanted_by", "created_at", "started_at", "first_text_at", "ended_at",
    )  # fmt: skip
    readonly_fields = ("cost",)

    @admin.display(description="Cost", ordering="cost_micros")
    def cost(self, run: Run) -> str:
        """What it cost."""
        return usage.shown(run.cost_micros)

    @admin.display(description="Took")
    def took(self, run: Run) -> str:
        """From its start to its end."""
        if run.started_at is None or run.ended_at is None:
            return ""
        return f"{(run.ended_at - run.started_at).total_seconds():.1f} s"

    def has_stop_permission(self, request: HttpRequest) -> bool:
        """Whoever has Django's permission to change runs."""
        return request.user.has_perm("assistant.change_run")

    @admin.action(description="Stop", permissions=["stop"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        """Stops those that are not over; what they wrote stays."""
        stopped = 0
        for run in queryset.filter(ended_at=None):
            with transaction.atomic():
                halt_run(run=run, by=me(request))
                record_audit(actor=me(request), action="run.stop", target=f"run:{run.pk}", detail={"room": run.room_id})
            runner.stop(run.pk)
            stopped += 1
        self.message_user(request, f"Stopped: {stopped}.", messages.SUCCESS)


@admin.register(Step)
class StepAdmin(_InSeenRooms):
    """Lines of run logs by their kind; their words are read in the room, under the answer."""

    room_path = "run__room"
    list_display = ("at", "run", "kind", "refused", "ms")
    list_filter = ("kind", "refused", "at")
    search_fields = ("=run__id", "=run__room__slug", "run__asker__username")
    list_select_related = ("run",)
    ordering = ("-pk",)
    fields = ("at", "run", "kind", "refused", "ms")


@admin.register(Spending)
class SpendingAdmin(ReadOnly):
    """What was used on which day, by whom or where, and how much of the limit that is."""

    list_display = ("day", "scope", "whose", "runs", "tokens", "reserved_tokens", "cost", "share")
    list_filter = ("scope", "day")
    search_fields = ("=key",)
    search_help_text = "The number of a person or a room."
    date_hierarchy = "day"
    ordering = ("-day", "scope", "-tokens")
    fields = ("day", "scope", "key", "runs", "tokens", "reserved_tokens", "cost", "share")
    readonly_fields = ("cost", "share")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Spending]:
        """With the names of people; rooms go by their numbers, as their names may be closed."""
        names = get_user_model().objects.filter(pk=OuterRef("key")).values("username")
        rows: QuerySet[Spending] = super().get_queryset(request)
        return rows.annotate(person=Subquery(names))

    @admin.display(description="Whose", ordering="key")
    def whose(self, row: Spending) -> str:
        """The person, or the room's number."""
        if row.scope == quotas.PERSON:
            return str(getattr(row, "person", None) or f"#{row.key}")
        return f"room #{row.key}" if row.key else "everybody"

    @admin.display(description="Cost", ordering="micros")
    def cost(self, row: Spending) -> str:
        """What was paid, without what is reserved."""
        return usage.shown(row.micros)

    @admin.display(description="Of the limit")
    def share(self, row: Spending) -> str:
        """How much of the nearer limit is used or reserved."""
        part = quotas.share(usage.used_of(row), usage.limit_of(row.scope))
        return f"{part:.0%}"


@admin.register(RoomChoice)
class RoomChoiceAdmin(_InSeenRooms):
    """What rooms chose; their prompts are the rooms' own words."""

    list_display = (
        "room",
        "enabled",
        "agent",
        "model",
        "has_prompt",
        "may_edit",
        "answers_bridged",
        "changed_by",
        "changed_at",
    )
    list_filter = ("enabled", "may_edit", "answers_bridged", "changed_at")
    search_fields = ("=room__slug", "=model", "changed_by__username")
    search_help_text = "A room's address, a model, or who changed it."
    list_select_related = ("room", "agent__user", "changed_by")
    ordering = ("-changed_at",)
    fields = ("room", "enabled", "agent", "model", "may_edit", "answers_bridged", "changed_by", "changed_at")

    @admin.display(boolean=True, description="Own prompt")
    def has_prompt(self, choice: RoomChoice) -> bool:
        """Whether the room wrote one."""
        return bool(choice.prompt)


@admin.register(PersonChoice)
class PersonChoiceAdmin(ReadOnly):
    """What people chose for themselves."""

    list_display = ("user", "hidden", "remembers", "forgotten_at", "told_demo")
    list_filter = ("hidden", "remembers", "told_demo")
    search_fields = ("user__username", "user__display_name")
    list_select_related = ("user",)
    ordering = ("user__username",)


@admin.register(Note)
class NoteAdmin(ReadOnly):
    """That something is remembered of somebody, and since when; what it is, only they themselves read."""

    list_display = ("created_at", "user", "length")
    list_filter = ("created_at",)
    search_fields = ("user__username", "user__display_name")
    list_select_related = ("user",)
    ordering = ("-pk",)
    fields = ("created_at", "user", "length")
    readonly_fields = ("length",)

    @admin.display(description="Characters")
    def length(self, note: Note) -> int:
        """How long it is."""
        return len(note.text)
