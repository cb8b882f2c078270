"""The presets of the command line."""

from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig

from .config import LossConfig, TrainConfig
from .data_config import DataConfig, MaskConfig

_PHOTO_LOSS = LossConfig(
    reconstruction_weight=0.1,  # much L1 blurs
    known_weight=0.1,
    perceptual_weight=1.5,
    perceptual_area="hole",
    shift_px=32,
    extra=(("rim_l1", 1.0), ("block_mean_l1", 1.0)),
)

PRESETS: dict[str, tuple[str, TrainConfig]] = {
    "context-encoder": (
        "Pathak et al. 2016: 128x128, central square, L2 + adversarial, 100 epochs",
        TrainConfig(
            preset="context-encoder",
            data=DataConfig(
                dataset=("frgfm/imagenette:160px",),
                resolution=128,
                batch_size=64,
                min_scale=0.8,
                cache=True,
                cache_side=160,
                masks=MaskConfig(central=1.0),
            ),
            generator=ContextEncoderConfig(),
            loss=LossConfig(
                reconstruction="l2",
                reconstruction_weight=0.999,
                border_weight=10.0,
                adversarial="bce",
                adversarial_weight=0.001,
                discriminator="picture",
            ),
            epochs=100,
            channels_last=False,  # a tenth faster on a CPU in bfloat16
            sample_epochs=(0, 1, 5, 20, 50, 100),
            sample_split="validation",
        ),
    ),
    "photos": (
        "the free-form generator for photos of any size",
        TrainConfig(
            preset="photos",
            data=DataConfig(
                dataset=("frgfm/imagenette:320px",),
                resolution=192,
                batch_size=16,
                cache=True,
                workers=4,
                min_scale=0.4,
                masks=MaskConfig(region=0.2, strokes=0.35, scratches=0.15, large=0.3, zoom=2.5, bank=8000),
            ),
            # global context changed nothing but the time, and blocks at 1/16 take little (docs/experiments.md)
            generator=FreeFormConfig(blocks=4, attention_every=0, deep_blocks=6, deep_channels=256),
            loss=_PHOTO_LOSS,
            images=2_000_000,
            learning_rate=4e-4,
            betas=(0.9, 0.99),
            guided=0.4,
            warmup_images=2_000,
            cooldown_images=200_000,
            ema_halflife_images=10_000,
            evaluations=8,
        ),
    ),
    "finetune": (
        "the bundled weights, or those of --init-from, on your own pictures: in 15 minutes on a CPU",
        TrainConfig(
            preset="finetune",
            data=DataConfig(
                resolution=192,
                batch_size=8,
                cache=True,
                min_scale=0.6,  # of a face, a smaller crop shows too little
                mixed_share=0.4,
                masks=MaskConfig(region=0.15, strokes=0.35, scratches=0.15, large=0.35, zoom=1.5, bank=2000),
            ),
            generator=FreeFormConfig(),
            loss=_PHOTO_LOSS,
            init_from="bundled",
            images=6_000,
            learning_rate=3e-4,
            betas=(0.9, 0.99),
            guided=0.3,
            warmup_images=300,
            cooldown_images=4_000,
            ema_halflife_images=400,
            bf16=True,
            log_every=100,
            sample_every=1_500,
            checkpoint_every=1_500,
            evaluations=4,
            patience=3,
            interpolate=True,
            measured_fills="inpainter",  # where the network alone is worse, surfaces from patches may not be
        ),
    ),
    "thin": (
        "the small network for thin damage, which fills scratches and specks in a third of the time",
        TrainConfig(
            preset="thin",
            data=DataConfig(
                dataset=("frgfm/imagenette:320px",),
                resolution=96,
                batch_size=32,
                cache=True,
                min_scale=0.25,
                masks=MaskConfig(strokes=0.05, scratches=0.15, zoom=4.0, extra=(("thin", 0.8),)),
            ),
            # attention looks for what a thick hole may hold; beside a scratch the answer is in sight
            generator=FreeFormConfig(channels=(24, 48, 96), blocks=3, attention_every=0, key_channels=0),
            loss=LossConfig(perceptual_weight=0.5, perceptual_area="hole"),
            init_from="bundled-thin",
            images=120_000,
            learning_rate=1.5e-3,
            betas=(0.9, 0.99),
            warmup_images=2_000,
            cooldown_images=100_000,
            ema_halflife_images=3_000,
            sample_every=20_000,
            evaluations=8,
        ),
    ),
    "tiny": (
        "a small free-form generator on the CPU in under a minute, to try everything out",
        TrainConfig(
            preset="tiny",
            data=DataConfig(
                resolution=64,
                batch_size=4,
                shuffle_buffer=64,
                masks=MaskConfig(region=0.3, strokes=0.5, scratches=0.2),
            ),
            generator=FreeFormConfig(channels=(16, 32, 64), blocks=2, attention_every=1, expansion=2, key_channels=16),
            loss=LossConfig(adversarial_weight=0.01, r1_gamma=0.01, r1_interval=4, feature_matching_weight=0.1),
            images=200,
            betas=(0.0, 0.99),
            guided=0.4,
            ema_halflife_images=50,
            log_every=20,
            sample_every=100,
            checkpoint_every=40,
            device="cpu",
        ),
    ),
}
"""Name -> (a line for --help, the config)."""
