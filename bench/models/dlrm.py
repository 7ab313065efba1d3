"""DLRM (Naumov et al., 2019): 26 tables, as many as Criteo's data has categories, of 64 columns,
and the products of every two of their vectors. Tables are cut to 20 000 rows, 133 MB in all.
"""

from __future__ import annotations

import itertools

import torch
from torch import nn

TABLES = 26
ROWS = 20_000
COLUMNS = 64
BOTTOM = (13, 512, 256, COLUMNS)
PAIRS = TABLES * (TABLES + 1) // 2
TOP = (COLUMNS + PAIRS, 1024, 1024, 512, 256, 1)


def _mlp(widths: tuple[int, ...]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return layers


class DLRM(nn.Module):
    def __init__(self, rows: int = ROWS):
        super().__init__()
        self.bottom = nn.Sequential(*_mlp(BOTTOM))
        self.top = nn.Sequential(*_mlp(TOP)[:-1], nn.Sigmoid())
        tables = [nn.EmbeddingBag(rows, COLUMNS, mode="sum") for _ in range(TABLES)]
        self.tables = nn.ModuleList(tables)
        for table in tables:
            nn.init.normal_(table.weight, std=0.1)  # or products are large and all scores 0 or 1
        self.register_buffer("pairs", torch.tril_indices(TABLES + 1, TABLES + 1, -1))

    def forward(
        self, dense: torch.Tensor, indices: torch.Tensor, offsets: torch.Tensor
    ) -> torch.Tensor:
        """`indices` and `offsets` have a row for each table."""
        x = self.bottom(dense)
        bags = [table(i, o) for table, i, o in zip(self.tables, indices, offsets, strict=True)]
        vectors = torch.cat([x, *bags], 1).view(len(x), -1, COLUMNS)
        products = torch.bmm(vectors, vectors.transpose(1, 2))
        return self.top(torch.cat([x, products[:, self.pairs[0], self.pairs[1]]], 1))
