"""Image classification: a ResNet-50 (by configuration, seeded weights), one picture at a time."""

import argparse

import numpy as np
import torch
from torch import nn
from tqdm import tqdm
from transformers import ResNetConfig, ResNetForImageClassification

IMAGES = 32
SEED = 5


def classifier():
    """Statistics of the norms drawn at random too: as drawn, no activation explodes or vanishes."""
    torch.manual_seed(SEED)
    model = ResNetForImageClassification(ResNetConfig(num_labels=1000))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.0)
            nn.init.normal_(module.bias, 0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", help="save the scores and the classes to this .npz file")
    options = parser.parse_args()

    model = classifier()
    images = torch.randn(IMAGES, 3, 224, 224)
    with torch.inference_mode():
        scores = torch.cat(
            [model(pixel_values=image[None]).logits for image in tqdm(images, desc="images")]
        ).numpy()
    classes = scores.argmax(axis=1)
    print(f"{IMAGES} images; the first classes: {', '.join(map(str, classes[:5]))}")
    if options.out:
        np.savez(options.out, embeddings=scores, ranking=classes)


if __name__ == "__main__":
    main()
