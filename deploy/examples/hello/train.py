"""The smallest tracked program: gradient descent on a parabola. Needs nothing but Trainyard.

`python train.py` works as well as `yard run -f hello.yaml`: both are tracked.
"""

from __future__ import annotations

import argparse

import trainyard


def main() -> None:
    """Walk down (x - 3)², logging where we are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.1, help="learning rate")
    parser.add_argument("--steps", type=int, default=50, help="steps of descent")
    args = parser.parse_args()

    with trainyard.init(name="hello", params=vars(args)) as run:
        x = -4.0
        for step in range(args.steps):
            loss = (x - 3.0) ** 2
            run.log({"loss": loss, "x": x}, step=step)
            x -= args.lr * 2.0 * (x - 3.0)
        print(f"x = {x:.6f} after {args.steps} steps")
        run.log_outputs(x=x)


if __name__ == "__main__":
    main()
