"""What `yard doctor` looks at, hop by hop: `here` this machine, `way` the network, `there` the server. `looks` runs
them in order and skips what cannot be looked at any more; `bundle` packs what was seen for support.

A look never raises, shows no secret, and leaves nothing behind.
"""
