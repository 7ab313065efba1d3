"""An evaluation of the Hugging Face kind, unchanged, under `stoker run --dtype bfloat16`."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.environment import without_stoker

# Weights as drawn answer at random. Of sixty draws the one whose best spans lead by most: by 6 % of
# the logits' spread at least; bf16 moves a logit by about 1 %.
SEED = 58
WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] . , ? the a an of in on at to and was is are who what where "
    "when how which river town castle bridge mill built stands near old stone king queen miller "
    "baker year century north south market square church tower bells clock garden apples bread oak "
    "by for from it ##s ##ed ##er ##ing"
)
# A reduced run_qa.py: examples, features of several lengths, a dynamic collator, predictions,
# spans of the context, answers.
SCRIPT = """
import argparse
import collections
import json

import numpy as np
import torch
from torch.utils.data import DataLoader
from transformers import (
    BertConfig, BertForQuestionAnswering, BertTokenizerFast, DataCollatorWithPadding, set_seed,
)

SENTENCES = [
    "the old mill stands near the river .", "a stone bridge was built by the king .",
    "the baker sold bread at the market square .", "the tower of the church is in the north .",
    "bells and a clock are in the tower .", "the queen walked in the garden and picked apples .",
    "it was built in the century of the old king .", "an oak stands south of the castle .",
]
QUESTIONS = [
    "where is the mill ?", "who built the bridge ?", "what was sold at the market ?",
    "which tower is north ?", "how old is the clock ?",
]


def examples(count):
    for i in range(count):
        first = i % len(SENTENCES)
        context = " ".join((SENTENCES * 2)[first : first + 1 + i % 4])
        yield {"id": str(i), "question": QUESTIONS[i % len(QUESTIONS)], "context": context}


def prepare(tokenizer, example, max_length):
    encoded = tokenizer(
        example["question"], example["context"], truncation="only_second", max_length=max_length,
        return_offsets_mapping=True,
    )
    offsets = encoded.pop("offset_mapping")
    part = encoded.sequence_ids(0)
    spans = [offset if part[k] == 1 else None for k, offset in enumerate(offsets)]
    return dict(encoded), spans


def answer(example, spans, start, end, n_best=20, longest=8):
    starts = np.argsort(start)[::-1][:n_best]
    ends = np.argsort(end)[::-1][:n_best]
    found = [
        (start[s] + end[e], example["context"][spans[s][0] : spans[e][1]])
        for s in starts for e in ends
        if s < len(spans) and e < len(spans) and spans[s] and spans[e] and s <= e < s + longest
    ]
    return max(found)[1] if found else ""


def evaluate(model, loader):
    model.eval()
    starts, ends = [], []
    for batch in loader:
        with torch.no_grad():
            outputs = model(**batch)
        starts += list(outputs.start_logits.detach().cpu().numpy())
        ends += list(outputs.end_logits.detach().cpu().numpy())
    return starts, ends


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vocab_file", required=True)
    parser.add_argument("--per_device_eval_batch_size", type=int, default=4)
    parser.add_argument("--max_seq_length", type=int, default=64)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--do_eval", action="store_true")
    args = parser.parse_args()

    set_seed(args.seed)
    tokenizer = BertTokenizerFast(args.vocab_file)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=256, max_position_embeddings=args.max_seq_length, initializer_range=0.2,
    )
    model = BertForQuestionAnswering(config)
    dataset = list(examples(24))
    features, spans = zip(*[prepare(tokenizer, each, args.max_seq_length) for each in dataset])
    loader = DataLoader(
        list(features), batch_size=args.per_device_eval_batch_size,
        collate_fn=DataCollatorWithPadding(tokenizer),
    )
    starts, ends = evaluate(model, loader)
    predictions = collections.OrderedDict(
        (example["id"], answer(example, span, s, e))
        for example, span, s, e in zip(dataset, spans, starts, ends)
    )
    print(json.dumps(predictions, indent=2))
    lengths = {len(s) for s in starts}
    print(f"***** eval ***** {len(predictions)} examples, {len(lengths)} lengths")


if __name__ == "__main__":
    main()
"""


def run(command, folder, **env: str) -> subprocess.CompletedProcess:
    arguments = ["run_qa.py", "--vocab_file", "vocab.txt", "--do_eval", "--seed", str(SEED)]
    settings = without_stoker(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", **env)
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_same_answers_by_graphs_with_bfloat16_regions(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS.split()) + "\n")
    (tmp_path / "run_qa.py").write_text(SCRIPT)
    plain = run([sys.executable], tmp_path, STOKER="0")
    assert plain.returncode == 0, plain.stderr
    options = ["--dtype", "bfloat16", "--force", "--graph-after", "0", "--report=report.json"]
    ours = run([sys.executable, "-m", "stoker", "run", *options], tmp_path, STOKER_SELECT="always")
    assert ours.returncode == 0, ours.stderr
    assert ours.stdout == plain.stdout
    answers = json.loads(plain.stdout[: plain.stdout.rindex("}") + 1])
    assert len(answers) == 24 and sum(map(bool, answers.values())) > 12, "nothing was asked"
    assert int(plain.stdout.split()[-2]) >= 3, "lengths"
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["dtype"] == "bfloat16"
    (graphs,) = report["graphs"]
    assert graphs["module"] == "BertForQuestionAnswering" and not graphs["refused"]
    assert 1 <= graphs["captures"] <= 3 and graphs["calls"] >= 1, graphs
    assert graphs["fused"]["bf16_regions"] >= 3 and not graphs["kept"], graphs
