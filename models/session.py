"""The ONNX session: token ids in, logits out, bound by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from xuncha.labels.errors import XunchaError, did_you_mean

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

LABELS, REASONS, EVIDENCE = "label_logits", "reason_logits", "evidence_logits"
OUTPUTS = (LABELS, REASONS, EVIDENCE)

CPU, CUDA = "cpu", "cuda"
_PROVIDERS = {CPU: "CPUExecutionProvider", CUDA: "CUDAExecutionProvider"}


class OnnxSession:
    """One session that many threads may call at once; each call computes on one core, or on the GPU ("cuda").

    The graph takes `input_ids` [B, L] without padding: all texts of a batch have the same number of tokens. With no
    padding and one thread a call, the numbers of a text do not depend on its neighbours.
    """

    def __init__(self, path: Path, device: str = CPU) -> None:
        providers = _providers(device)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Batches have many shapes; without the arena's pattern cache memory stays flat.
        options.enable_mem_pattern = False
        try:
            self._session = ort.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # onnxruntime raises its own family of C++ exceptions
            raise XunchaError(f"{path}: ONNX Runtime cannot load it ({error}). Get the model folder again.") from None
        if device != CPU and self._session.get_providers()[0] != _PROVIDERS[device]:
            raise XunchaError(
                f'The device "{device}" cannot be used: ONNX Runtime does not find a GPU with the driver and CUDA '
                "libraries that it needs. Install them, or leave --device out."
            )
        inputs = [node.name for node in self._session.get_inputs()]
        outputs = {node.name: node.shape for node in self._session.get_outputs()}
        if inputs != ["input_ids"] or any(name not in outputs for name in OUTPUTS):
            raise XunchaError(f"{path}: has inputs {inputs} and outputs {list(outputs)}, not those of a xuncha model.")
        self.label_count = int(outputs[LABELS][-1])
        self.reason_count = int(outputs[REASONS][-1])
        self._label_run = ort.RunOptions()
        self._label_run.only_execute_path_to_fetches = True

    def scores(self, input_ids: Ids) -> tuple[Floats, Floats]:
        """`input_ids` [B, L] → label logits [B, C] and reason logits [B, R]."""
        labels, reasons = self._session.run([LABELS, REASONS], {"input_ids": input_ids}, self._label_run)
        return labels, reasons

    def everything(self, input_ids: Ids) -> tuple[Floats, Floats, Floats]:
        """`input_ids` [B, L] → label logits [B, C], reason logits [B, R], evidence logits [B, L, R]."""
        labels, reasons, evidence = self._session.run(list(OUTPUTS), {"input_ids": input_ids})
        return labels, reasons, evidence


def _providers(device: str) -> list[str | tuple[str, dict[str, str]]]:
    """The provider of a device, then the CPU for what it cannot compute. Raises `XunchaError` where it is missing."""
    if device not in _PROVIDERS:
        raise XunchaError(
            f'There is no device "{device}".{did_you_mean(device, _PROVIDERS)} Choose one of {", ".join(_PROVIDERS)}.'
        )
    if device == CPU:
        return [_PROVIDERS[CPU]]
    if _PROVIDERS[device] not in ort.get_available_providers():
        raise XunchaError(
            f'The device "{device}" cannot be used: this ONNX Runtime ({ort.__version__}) is built without CUDA. '
            "Install onnxruntime-gpu in place of onnxruntime, or leave --device out."
        )
    # TF32 would round matrix products to ten bits.
    return [(_PROVIDERS[device], {"use_tf32": "0"}), _PROVIDERS[CPU]]
