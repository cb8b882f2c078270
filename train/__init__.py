"""What makes the weights: data, losses, the training loop, evaluation and publishing. Run `python -m train --help`."""
