"""HTTP/1.1 for callers, on httptools and uvloop: what the gateway runs on, at half the cost of a general server.

    connection  one caller's connection: requests in, one after the other, answers out
    response    the bytes of an answer
    serve       listening sockets, slow and idle callers, an end that loses no request

`python -m gateway.server --fd N` is how the supervisor starts it. Any ASGI server can carry `gateway.app:app` instead.
"""
