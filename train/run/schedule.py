"""The learning rate over a run: a linear warm-up, a plateau and a linear cool-down."""

from train.config import RunConfig


def learning_rate_factor(config: RunConfig, images_seen: int, floor: float) -> float:
    """Return the learning rate at some point of a run, as a share of the full one.

    Args:
        config: has the batch size, the lengths of warm-up and cool-down, and of the run.
        images_seen: images before the step.
        floor: the share that the cool-down ends at.

    Returns:
        A number between 0 and 1. The first step of the warm-up is not at 0 but at the share that its batch makes of it.
    """
    batch_size = config.data_config.batch_size
    factor = min(1.0, (images_seen + batch_size) / config.warmup_images) if config.warmup_images else 1.0
    if config.cooldown_images and config.images:
        left = max(0, config.images - images_seen) / config.cooldown_images
        factor *= min(1.0, floor + (1 - floor) * left)
    return factor
