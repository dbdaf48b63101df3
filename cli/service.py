"""`sobriety service`: the collector as a service of this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sobriety.core.errors import ConfigError, NotSupported
from sobriety.service.launchd import Launchd
from sobriety.service.needs import NETWORKS, NetworkNeed, find_needs
from sobriety.service.plan import ServicePlan
from sobriety.service.program import chosen_program, refuse_unseen
from sobriety.service.schtasks import create_command, delete_command
from sobriety.service.systemd import ServiceStatus, Systemd, service_status
from sobriety.settings import config as settings
from sobriety.settings.config import closed_service_data

from .parts.options import config_option

MANAGERS = ("systemd", "launchd", "schtasks")
_MANAGER_OF = {"darwin": "launchd", "win32": "schtasks"}

user_option = click.option(
    "--user", is_flag=True, help="For this user only, without root; what is lost: docs/agent.md."
)
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be done, and do nothing."
)


@click.group()
def service() -> None:
    """Have the system run the collector: at boot, again after a failure, with little power.

    \b
    sudo sobriety service install
    sobriety service status
    sudo sobriety service uninstall
    """


@service.command()
@user_option
@click.option("--print", "only_print", is_flag=True, help="Write the unit to stdout, do nothing.")
@dry_run_option
@click.option("--force", is_flag=True, help="Also over a unit that somebody edited.")
@click.option(
    "--for",
    "manager",
    type=click.Choice(MANAGERS),
    help="Service manager to write for.  [default: that of this system]",
)
@click.option(
    "--network",
    type=click.Choice(NETWORKS),
    help="Which addresses the service may reach.  [default: as the settings need]",
)
@click.option("--program", metavar="PATH", help="The sobriety to run.  [default: this one]")
@config_option
def install(
    user: bool,
    only_print: bool,
    dry_run: bool,
    force: bool,
    manager: str | None,
    network: NetworkNeed | None,
    program: str | None,
    config_file: Path | None,
) -> None:
    """Write the unit for the sensors found here, enable it and start it.

    A unit that was edited since is left alone, and what differs is said, without --force.

    \b
    sudo sobriety service install
    sobriety service install --user
    sobriety service install --print
    sobriety service install --print --for launchd
    """
    manager = manager or _MANAGER_OF.get(sys.platform, "systemd")
    words = chosen_program(program)
    if manager == "schtasks":
        click.echo(create_command(words))
        click.echo("run this in an elevated prompt; nothing was done", err=True)
        return
    needs = find_needs(settings.load(file=config_file), network)
    systemd, launchd = Systemd(user), Launchd(user)
    if only_print:
        text = systemd.text(words, needs) if manager == "systemd" else launchd.text(words)
        click.echo(text, nl=False)
        return
    plan = systemd.install(words, needs) if manager == "systemd" else launchd.install(words)
    if not dry_run:
        _refuse_elsewhere(manager)
        if manager == "systemd":
            systemd.refuse_others("install")
        if not user:
            refuse_unseen(words)
    _refuse_edited(plan, force=force)
    _carry_out(plan, dry_run=dry_run)
    if not dry_run:
        click.echo(f"data: {systemd.data if manager == 'systemd' else launchd.data}", err=True)


@service.command()
@user_option
@click.option("--purge-data", is_flag=True, help="Remove what was recorded, too. Asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run_option
def uninstall(user: bool, purge_data: bool, yes: bool, dry_run: bool) -> None:
    """Stop the service and remove its unit. What was recorded stays.

    \b
    sudo sobriety service uninstall
    sudo sobriety service uninstall --purge-data
    """
    manager = _MANAGER_OF.get(sys.platform, "systemd")
    if manager == "schtasks":
        click.echo(delete_command())
        click.echo("run this in an elevated prompt; nothing was done", err=True)
        return
    systemd, launchd = Systemd(user), Launchd(user)
    if manager == "systemd":
        plan, data = systemd.uninstall(purge=purge_data), systemd.data
    else:
        plan, data = launchd.uninstall(purge=purge_data), launchd.data
    if not dry_run:
        if manager == "systemd":
            systemd.refuse_others("uninstall")
        if purge_data and not yes:
            click.confirm(f"remove everything that was recorded in {data}?", abort=True, err=True)
    _carry_out(plan, dry_run=dry_run)
    if not purge_data:
        click.echo(f"data are left in {data}", err=True)


@service.command()
@user_option
def status(user: bool) -> None:
    """Say whether the service is installed, enabled and active, since when, and where its data are.

    \b
    sobriety service status
    sobriety service status --user
    """
    if sys.platform in _MANAGER_OF:
        raise NotSupported(
            "only systemd can be asked", hint="ask launchctl or schtasks: docs/agent.md"
        )
    click.echo(page(service_status(Systemd(user))))


def page(found: ServiceStatus) -> str:
    """For somebody at a terminal."""
    if not found.installed:
        return "not installed; install it with: sudo sobriety service install"
    lines = [f"{'unit':<10} {found.path}, {found.enabled or 'not enabled'}"]
    since = f" since {found.since}" if found.since else ""
    lines.append(f"{'state':<10} {found.active}{since}")
    if found.says:
        lines.append(f"{'says':<10} {found.says}")
    if found.restarts not in ("", "0"):
        lines.append(f"{'restarts':<10} {found.restarts}; why: journalctl -u sobriety")
    whose = " (root's to read: sudo sobriety status)" if found.data == closed_service_data() else ""
    lines.append(f"{'data':<10} {found.data}{whose}")
    return "\n".join(lines)


def _refuse_elsewhere(manager: str) -> None:
    here = _MANAGER_OF.get(sys.platform, "systemd")
    if manager != here:
        raise ConfigError(
            f"{manager} does not run on this system", hint="look at its unit with --print"
        )


def _refuse_edited(plan: ServicePlan, *, force: bool) -> None:
    edits = plan.edits()
    if not edits or force:
        return
    click.echo("\n".join(edits), err=True)
    raise ConfigError(
        "somebody edited what is installed, as told above",
        hint="keep the change in a drop-in (systemctl edit sobriety), then install with --force",
    )


def _carry_out(plan: ServicePlan, *, dry_run: bool) -> None:
    if not dry_run:
        plan.do(lambda step: click.echo(step, err=True))
        return
    for step in plan:
        click.echo(f"would {step}", err=True)
