"""Monthly statements: what a tenant spent and saved, by model or by a tag, closed when the month is over."""
