"""The policy of the contract's YAML example, word for word."""

POLICY = """\
baseline: openai/gpt-5           # a model id, or "requested": what would have answered without the router
whitelist: [openai/gpt-5, openai/gpt-5-nano, anthropic/claude-haiku-4-5]   # narrows the tenant's
rules:                           # the first that holds wins
  - {name: escalated, when: {tag: {escalated: "true"}}, tier: premium}
  - name: routine
    when: {all: [{class: [classification, extraction, rewriting]}, {input_tokens: {at_most: 2000}}]}
    tier: lightweight
    cascade:
      up_to: premium
      checks: [{not_refusal: true}, {json_valid: true}, {mean_logprob: {at_least: -0.5}},
               {regex: "^(positive|negative)$"}, {judge: {model: openai/gpt-5-nano, at_least: 0.7}}]
  - {name: pinned, when: {requested_model: [openai/gpt-5]}, model: openai/gpt-5}
otherwise: {tier: mid}
unsure: {confidence_below: 0.5, tier: mid}    # a classifier that is not sure goes up, never down
floors: [{name: reasoning, when: {class: [reasoning]}, tier: mid}]
classes:                         # the tenant's own semantic classes
  - {name: refund, examples: ["I want my money back", "please refund order 123"]}
tests:                           # run on every save; a failing one blocks publishing
  - {name: regulated stays up, request: {text: "Tag this", tags: {data: regulated}}, expect: {tier: premium}}
"""
