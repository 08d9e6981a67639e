"""What every page shares: how figures are written, the navigation, charts, and tags for small marks.

Below all slices: it knows of the product only the words of `gateway.core`.
"""
