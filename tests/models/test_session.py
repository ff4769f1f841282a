"""Devices: the CPU, and a GPU where ONNX Runtime is built for one and finds it."""

from __future__ import annotations

from types import SimpleNamespace

import onnxruntime
import pytest

from xuncha.labels.errors import XunchaError
from xuncha.models import session
from xuncha.models.bundle import Bundle
from xuncha.models.session import OnnxSession


def refused(bundle: Bundle, device: str) -> str:
    with pytest.raises(XunchaError) as error:
        OnnxSession(bundle.path("model.onnx"), device)
    return str(error.value)


def test_a_device_that_is_none_is_refused(nano: Bundle) -> None:
    assert refused(nano, "cud") == 'There is no device "cud". Did you mean "cuda"? Choose one of cpu, cuda.'


def test_cuda_is_refused_by_a_build_without_it(nano: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert refused(nano, "cuda") == (
        f'The device "cuda" cannot be used: this ONNX Runtime ({onnxruntime.__version__}) is built without CUDA. '
        "Install onnxruntime-gpu in place of onnxruntime, or leave --device out."
    )


class FakeSession:
    """A session of a CUDA build; `got` are the providers that it ends up with."""

    got: tuple[str, ...] = ()
    asked: object = None

    def __init__(self, path: str, options: object, providers: object) -> None:
        type(self).asked = providers

    def get_providers(self) -> list[str]:
        return list(self.got)

    def get_inputs(self) -> list[object]:
        return [SimpleNamespace(name="input_ids")]

    def get_outputs(self) -> list[object]:
        return [SimpleNamespace(name=name, shape=["batch", 7]) for name in session.OUTPUTS]


@pytest.fixture
def cuda_build(monkeypatch: pytest.MonkeyPatch) -> type[FakeSession]:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "InferenceSession", FakeSession)
    return FakeSession


def test_cuda_without_a_gpu_is_an_error_and_no_silent_use_of_the_cpu(
    nano: Bundle, cuda_build: type[FakeSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda_build, "got", ("CPUExecutionProvider",))
    assert refused(nano, "cuda") == (
        'The device "cuda" cannot be used: ONNX Runtime does not find a GPU with the driver and CUDA libraries that it '
        "needs. Install them, or leave --device out."
    )


def test_cuda_computes_in_full_fp32_and_leaves_the_rest_to_the_cpu(
    nano: Bundle, cuda_build: type[FakeSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda_build, "got", ("CUDAExecutionProvider", "CPUExecutionProvider"))
    assert OnnxSession(nano.path("model.onnx"), "cuda").label_count == 7
    assert cuda_build.asked == [("CUDAExecutionProvider", {"use_tf32": "0"}), "CPUExecutionProvider"]
