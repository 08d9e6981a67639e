"""A tenant as one YAML document: what `apply` reads and `export` writes, and REST's `config`.

What a document leaves out stays as it is; what it says is made so. Nothing is deleted unless asked for.
"""
