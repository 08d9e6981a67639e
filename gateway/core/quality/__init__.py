"""How good an answer each model is expected to give, and the cheapest choice that holds.

    text ─ sketch ─► Sketch ─ Reader.read ─► Text ─ Known.estimate ─► Estimate a model ─ choose ─► model
                                  ▲                      ▲
                                Book               learn(outcomes)

`Book` is made once from open data and shipped (`gateway/catalogue/quality.msgpack`). `Known` is one tenant's: a worker
makes it of judged requests (`learn`), and the gateway asks it. With no outcomes it says what the book says of tiers.

**The seam.** Once a process: `reader = Reader(parse(raw))`. On each snapshot: `known = unpack(bytes)`, or
`learn((), models, reader)` for a tenant without outcomes, where
`models` maps ids to `reader.book.standings[tier]`. On each request, where a rule says `quality: {at_least: 0.95
of baseline}`: `keys` are `class:<class>` and `tag:<name>=<value>` of its facts, then
`estimates = known.estimate(reader.read(sketch(text)), keys)` and `choose(options, share=0.95, baseline=id)` over the
candidates that the sieve kept. `choose` answers None where no bound holds: then the policy's `unsure` tier stands.
What was learnt of texts counts as far as `Lately` trusts it: where a tenant's requests are of another kind than those
that were judged, keys and the book's standings are left. A worker refits with `learn(outcomes, models, reader,
start=known)`. Only sketches need to be kept, never a text.

numpy is imported in this package and nowhere else in the core.
"""
