"""`up`: the whole product under one process, started and stopped in order.

`story` tells the order of events. `part` says what a part is, `parts` lists ours, `keeper` keeps one running,
`crew` all of them. `ports` claims the addresses first of all, `log` makes one readable stream of everybody's
output, `welcome` is what a person is told, `check` proves that a request travels all the way.
"""
