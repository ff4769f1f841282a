"""Make what a peer needs of the transformers model, in the peer's environment: `prepare.py JOB.json STEP`."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any


def fp32(job: dict[str, Any]) -> None:
    """A plain export to ONNX, as `torch.onnx.export` gives it."""
    import torch
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(
        job["model"], trust_remote_code=True, attn_implementation="eager"
    ).eval()

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            # Tracing does not get through the masks that transformers 5 makes; a ready one it takes as it is.
            added = (1.0 - attention_mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
            states = self.model.bert(input_ids=input_ids, attention_mask=added).last_hidden_state
            logits: torch.Tensor = self.model.logits(states, attention_mask)
            return logits

    ids = torch.ones(2, 9, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 7:] = 0
    shape = {0: "batch", 1: "tokens"}
    with torch.inference_mode():
        torch.onnx.export(
            Logits(), (ids, mask), str(_graph(job, "fp32.onnx")), input_names=["input_ids", "attention_mask"],
            output_names=["logits"], dynamic_axes={"input_ids": shape, "attention_mask": shape, "logits": {0: "batch"}},
            opset_version=17, dynamo=False,
        )  # fmt: skip


def dynamic(job: dict[str, Any]) -> None:
    """ONNX Runtime's `quantize_dynamic` with its defaults."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(_graph(job, "fp32.onnx"), _graph(job, "dynamic.onnx"), weight_type=QuantType.QInt8)


def openvino(job: dict[str, Any]) -> None:
    """OpenVINO's model with static int8 by NNCF, calibrated on committed training rows."""
    import nncf
    import numpy as np
    import openvino as ov
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(job["model"]) / "tokenizer.json"))
    tokenizer.enable_truncation(job["window"])
    texts = json.loads(Path(job["calibration"]).read_text(encoding="utf-8"))
    rows = [np.array([encoding.ids], np.int64) for encoding in tokenizer.encode_batch(texts)]
    feeds = [{"input_ids": ids, "attention_mask": np.ones_like(ids)} for ids in rows]
    quantized = nncf.quantize(
        ov.convert_model(str(_graph(job, "fp32.onnx"))),
        nncf.Dataset(feeds),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(feeds),
    )
    ov.save_model(quantized, str(_graph(job, "openvino.xml")), compress_to_fp16=False)


def optimum(job: dict[str, Any]) -> None:
    """Export and dynamic quantization by optimum itself, for this kind of processor."""
    from optimum.onnxruntime import ORTModelForSequenceClassification, ORTQuantizer
    from optimum.onnxruntime.configuration import AutoQuantizationConfig

    exported = ORTModelForSequenceClassification.from_pretrained(job["model"], export=True, trust_remote_code=True)
    kind = "arm64" if platform.machine() in ("aarch64", "arm64") else job["simd"]
    config = getattr(AutoQuantizationConfig, kind)(is_static=False, per_channel=False)
    ORTQuantizer.from_pretrained(exported).quantize(save_dir=job["optimum"], quantization_config=config)


def _graph(job: dict[str, Any], name: str) -> Path:
    return Path(job["graphs"]) / name


if __name__ == "__main__":
    {step.__name__: step for step in (fp32, dynamic, openvino, optimum)}[sys.argv[2]](
        json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    )
