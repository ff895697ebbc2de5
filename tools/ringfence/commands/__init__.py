"""One module a command: its docstring is the help, `add_arguments` the options, `run` the wiring.

`run` gives back the exit code. Results go to `out`, everything else to `err`. Commands know no detail of a stage.
"""
