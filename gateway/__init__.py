"""The gateway: one request in, the cheapest model that can answer it, one answer out in the caller's own shape.

`app` carries bytes, `pipeline` tells the order of the steps, `core` decides, and the rest carries out what was
decided: a thin shell round a pure core. It imports no Django, asks no database, and reads its policies from
snapshots that the console publishes.

The shared kernel lives here, under `core`, because the top-level names are fixed: console and billing import
it too, and nothing else of the gateway.
"""
