"""The gateway: takes in the usage of many machines, and keeps it until the lake has it.

wire        what agents send and are answered: types, limits, rules
state       the gateway's own file: what was received and is not in the lake yet, and tokens
parts       rows of one host on their way to the disk, and their numbers
intake      batches of many agents in one commit
drain       from there into the lake
summary     from the lake, what the dashboard shows; `views` is that
pages       the dashboard; `hosts`, `shelf` and `alerts` are what it shows live
drains      when the lake is written and the summary made, by `aside` in processes of their own
app, serve  HTTP
"""
