"""Labels as ZPL II, for printers that draw symbols themselves and may write the tag in the label."""

from __future__ import annotations

from suyuan.labels.content import LabelContent
from suyuan.labels.design import Design
from suyuan.labels.rendering import Options


class ZplLabels:
    """Writes the labels of one batch: what they share is worked out once."""

    def __init__(self, design: Design, options: Options) -> None:
        self.design = design
        self.options = options

    def label(self, content: LabelContent) -> str:
        """One label, from ^XA to ^XZ, ASCII only.

        Raises InvalidInput where the content does not fit the design, or a tag is to be written and there is no EPC.
        """
        raise NotImplementedError
