"""PostgreSQL and Valkey out of wheels: real servers without root, Docker or anything installed.

`places` says where their files and sockets lie, `launch` starts a process that dies with its parent,
`postgres` and `valkey` know their own server, `secrets` keeps what is made once for an installation, and
`sharing` decides whether a command starts the servers itself or uses those of a running `up`.
"""
