"""Every component of `templates/components` on pages with believable figures, without a database.

`python -m tests.browser.gallery` serves it; the browser tests walk it.
"""
