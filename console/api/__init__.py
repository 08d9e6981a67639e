"""The REST interface for administration: the same actions and core types as the pages.

`endpoint` is the one way to answer: who may, what is taken, what is given. Each other file is a noun, and
holds its shapes and one short function a method. Bodies and answers are structs, whose schemas are the
OpenAPI document; nothing is decided here.
"""
