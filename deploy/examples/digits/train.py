"""Trains a small neural network on scikit-learn's handwritten digits and tracks the metrics of each epoch.

The program is tracked when `yard run` starts it, and also when you start it yourself: `python train.py --lr 0.01`.
"""

from __future__ import annotations

import argparse
import os
import pickle
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

import trainyard

CLASSES = np.arange(10)


def main() -> None:
    """Train, log the metrics of each epoch, keep the model."""
    args = arguments()
    train_x, test_x, train_y, test_y = data(args.seed)
    model = MLPClassifier((args.hidden,), learning_rate_init=args.lr, batch_size=64, random_state=args.seed)
    with trainyard.init(project="digits", params=vars(args)) as run:
        for epoch in range(1, args.epochs + 1):
            model.partial_fit(train_x, train_y, classes=CLASSES)
            measured = measure(model, train_x, train_y, "train") | measure(model, test_x, test_y, "test")
            run.log(measured, step=epoch)
            run.log_progress(epoch / args.epochs)
            print(f"epoch {epoch:2d}: accuracy {measured['test/accuracy']:.4f}, loss {measured['test/loss']:.4f}")
        run.log_outputs(accuracy=measured["test/accuracy"])
        run.log_model(save(model))


def arguments() -> argparse.Namespace:
    """The params, which come from the command line or from an operation file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.001, help="learning rate")
    parser.add_argument("--hidden", type=int, default=64, help="width of the hidden layer")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the training data")
    parser.add_argument("--seed", type=int, default=7, help="of the split and of the weights")
    return parser.parse_args()


def data(seed: int) -> list[np.ndarray]:
    """Training and test images and labels. The digits come with scikit-learn; nothing is downloaded."""
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=0.25, random_state=seed, stratify=labels
    )
    scaler = StandardScaler().fit(train_x)
    return [scaler.transform(train_x), scaler.transform(test_x), train_y, test_y]


def measure(model: MLPClassifier, x: np.ndarray, y: np.ndarray, part: str) -> dict[str, float]:
    """Accuracy and cross-entropy on one part of the data."""
    return {
        f"{part}/accuracy": float(model.score(x, y)),
        f"{part}/loss": float(log_loss(y, model.predict_proba(x), labels=CLASSES)),
    }


def save(model: MLPClassifier) -> Path:
    """The model as a file, in the run's folder for outputs when there is one."""
    path = Path(os.environ.get("TRAINYARD_OUTPUTS", ".")) / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    return path


if __name__ == "__main__":
    main()
