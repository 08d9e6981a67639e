"""How good an answer a rule asks for: a share of what the baseline is expected to reach, or a quality as such."""

from __future__ import annotations

from msgspec import Struct

OF_BASELINE = " of baseline"


class Quality(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """The cheapest model whose expected quality is not believed to fall below `at_least` answers."""

    at_least: float | str  # 0.9, or "0.95 of baseline"

    def __post_init__(self) -> None:
        written = str(self.at_least).removesuffix(OF_BASELINE)
        try:
            fits = 0 < float(written) <= 1
        except ValueError:
            fits = False
        if not fits or isinstance(self.at_least, str) is not self.of_baseline:
            raise ValueError(f"a quality is written 0.9 or 0.95{OF_BASELINE}, above 0 and at most 1")

    @property
    def of_baseline(self) -> bool:
        return str(self.at_least).endswith(OF_BASELINE)

    @property
    def share(self) -> float:
        """Of the baseline's expected quality, or of an answer that is right in every case."""
        return float(str(self.at_least).removesuffix(OF_BASELINE))
