"""The collector, and the gateway, as services of a machine: their units, install and removal.

`needs` looks at the machine, `unit` writes text from that, `plan` holds the steps that install or
remove it, and `systemd`, `launchd` and `schtasks` know one service manager each.
"""
