"""One scorer in a process and an environment of its own: `peer.py JOB.json PEER`, then a line of JSON a measurement.

This is a program, not a module: nothing imports it, and it imports xuncha only where xuncha is what is measured, by
its public API. It answers on stdout; whatever a library prints there goes to stderr.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Texts = list[str]
# What was made of some texts, decisions included (this is timed), and the scores in it (this is not).
Run = Callable[[Texts], Any]
Read = Callable[[Any], list[list[float]]]


def main() -> None:
    """Get one scorer ready, then answer each line of stdin."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    cores = int(job["cores"])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    for name in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(cores)
    run, read = PEERS[sys.argv[2]](job)
    _say(answers, {"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        job["budget"] = asked.get("budget", job["budget"])
        texts = json.loads(Path(asked["texts"]).read_text(encoding="utf-8"))
        start, cpu = time.perf_counter(), time.process_time()
        found = run(texts)
        answer: dict[str, Any] = {
            "texts": len(texts),
            "seconds": time.perf_counter() - start,
            "cpu_seconds": time.process_time() - cpu,
            "peak_bytes": _peak_bytes(),
        }
        if asked.get("scores"):
            answer["scores"] = read(found)
        _say(answers, answer)


def _say(stream: Any, answer: dict[str, Any]) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


def _peak_bytes() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # the system's own count starts with the memory of whoever started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def xuncha(job: dict[str, Any]) -> tuple[Run, Read]:
    """The product by its Python API: verdicts with flags, reasons and evidence."""
    from xuncha.serve import Scorer

    scorer = Scorer.load(job["bundle"], threads=job["cores"], device=job.get("device", "cpu"))
    labels = job["labels"]
    return scorer.score, lambda verdicts: [[verdict.scores[label] for label in labels] for verdict in verdicts]


def _transformers(job: dict[str, Any], batch: int) -> tuple[Run, Read]:
    import torch
    from transformers import pipeline

    torch.set_num_threads(job["cores"])
    classify = pipeline(
        "text-classification", model=job["model"], trust_remote_code=True, top_k=None, batch_size=batch, device="cpu"
    )
    return _piped(job, classify)


def _optimum(job: dict[str, Any]) -> tuple[Run, Read]:
    from optimum.onnxruntime import ORTModelForSequenceClassification
    from transformers import AutoTokenizer, pipeline

    folder = job["optimum"]
    model = ORTModelForSequenceClassification.from_pretrained(
        folder, file_name="model_quantized.onnx", trust_remote_code=True
    )
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None, batch_size=32)
    return _piped(job, classify)


def _piped(job: dict[str, Any], classify: Any) -> tuple[Run, Read]:
    thresholds = job["thresholds"]

    def run(texts: Texts) -> Any:
        found = classify(texts, truncation=True)
        return found, [{one["label"]: one["score"] >= thresholds[one["label"]] for one in row} for row in found]

    def read(found: Any) -> list[list[float]]:
        rows = [{one["label"]: one["score"] for one in row} for row in found[0]]
        return [[row[label] for label in job["labels"]] for row in rows]

    return run, read


def _onnx(job: dict[str, Any], name: str) -> tuple[Run, Read]:
    """One session that computes with one thread, called from as many threads as there are cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(Path(job["graphs"]) / name), options, providers=["CPUExecutionProvider"])
    pool = ThreadPoolExecutor(job["cores"])

    def logits(batches: Iterator[tuple[Any, Any]]) -> list[Any]:
        def one(batch: tuple[Any, Any]) -> Any:
            return session.run(None, {"input_ids": batch[0], "attention_mask": batch[1]})[0]

        return list(pool.map(one, batches))

    return _sorted(job, logits)


def _openvino(job: dict[str, Any]) -> tuple[Run, Read]:
    """A queue with one request and one stream a core."""
    import openvino

    cores = job["cores"]
    model = openvino.Core().read_model(str(Path(job["graphs"]) / "openvino.xml"))
    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": str(cores), "INFERENCE_NUM_THREADS": cores}
    queue = openvino.AsyncInferQueue(openvino.Core().compile_model(model, "CPU", settings), cores)

    def logits(batches: Iterator[tuple[Any, Any]]) -> list[Any]:
        found: dict[int, Any] = {}
        queue.set_callback(lambda request, place: found.update({place: request.get_output_tensor(0).data.copy()}))
        for place, (ids, mask) in enumerate(batches):
            queue.start_async({"input_ids": ids, "attention_mask": mask}, place)
        queue.wait_all()
        return [found[place] for place in range(len(found))]

    return _sorted(job, logits)


def _sorted(job: dict[str, Any], logits: Callable[[Iterator[tuple[Any, Any]]], list[Any]]) -> tuple[Run, Read]:
    """Texts sorted by their number of tokens, batches of at most `job["budget"]` tokens, padded to the longest."""
    import numpy as np
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(job["model"]) / "tokenizer.json"))
    tokenizer.enable_truncation(job["window"])
    limits = np.array([job["thresholds"][label] for label in job["labels"]])

    def run(texts: Texts) -> Any:
        encodings = tokenizer.encode_batch_fast(texts)
        order = sorted(range(len(texts)), key=lambda place: len(encodings[place].ids))
        batches = list(_batches([len(encodings[place].ids) for place in order], job["budget"]))

        def padded() -> Iterator[tuple[Any, Any]]:
            for start, end in batches:
                width = len(encodings[order[end - 1]].ids)
                ids = np.zeros((end - start, width), np.int64)
                mask = np.zeros((end - start, width), np.int64)
                for row, place in enumerate(order[start:end]):
                    own = encodings[place].ids
                    ids[row, : len(own)] = own
                    mask[row, : len(own)] = 1
                yield ids, mask

        scores = np.empty((len(texts), len(limits)))
        scores[order] = 1.0 / (1.0 + np.exp(-np.concatenate(logits(padded())).astype(np.float64)))
        return scores, scores >= limits

    return run, lambda found: found[0].tolist()


def _batches(lengths: list[int], budget: int) -> Iterator[tuple[int, int]]:
    """[start, end) of batches over ascending lengths, each of one text at least."""
    start = 0
    for place, length in enumerate(lengths):
        if place > start and length * (place + 1 - start) > budget:
            yield start, place
            start = place
    if lengths:
        yield start, len(lengths)


PEERS: dict[str, Callable[[dict[str, Any]], tuple[Run, Read]]] = {
    "xuncha": xuncha,
    "transformers-32": lambda job: _transformers(job, 32),
    "transformers-1": lambda job: _transformers(job, 1),
    "optimum-int8": _optimum,
    "onnxruntime-fp32": lambda job: _onnx(job, "fp32.onnx"),
    "onnxruntime-int8": lambda job: _onnx(job, "dynamic.onnx"),
    "openvino-int8": _openvino,
}

if __name__ == "__main__":
    main()
