"""What a draft, a whitelist or a price would have done with the requests of the past: a job, and its page."""
