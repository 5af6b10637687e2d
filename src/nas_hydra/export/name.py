"""The names of the formats, known without torch."""

from typing import Literal

FormatName = Literal["onnx", "torch_export", "state_dict", "python"]
