"""A company to look at on the first start: three teams, four routers, six weeks of traffic.

Nothing is filled in by hand. The configuration goes through `apply`, requests are classified, decided, laddered
and settled by the core, and their events are stored as the gateway's are. Only providers and callers are made up.
"""
