"""The pure core: what a request is, what a policy says, what a model costs, and the decision.

No I/O, no `async`, no clock, no dice: everything variable arrives as an argument. The gateway, the
console and billing all call these functions, so no rule of the product is written twice. It lives under
`gateway` because the project's top-level names are fixed; it is the kernel that all three rooms share.
"""
