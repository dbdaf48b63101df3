"""The collector as a service of the machine: what it needs, its unit, installing and removing it;
and the gateway's unit.

`needs` looks at the machine, `unit` writes text from that, `plan` holds the steps that install or
remove it, and `systemd`, `launchd` and `schtasks` know one service manager each.
"""
