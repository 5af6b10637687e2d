"""A retrained model in formats that others run; their names are known without torch."""

from typing import Literal

FormatName = Literal["onnx", "torch_export", "state_dict", "python"]
