"""Scenes whose every pixel is known: a ball on sand, and its shadow."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 480, 360
BALL = (200, 120, 290, 210)


def ellipse(*box, blur=0.0):
    """Where an ellipse lies in the scene, 0 to 1."""
    picture = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(picture).ellipse(box, fill=255)
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(blur)), np.float32)[..., None] / 255


def sand(seed=0):
    """The ground without anything on it."""
    grain = np.random.default_rng(seed).normal(0, 7, (HEIGHT, WIDTH, 1))
    return Image.fromarray((np.array([196, 176, 140]) + grain).clip(0, 255).astype(np.uint8))


def scene(shadow=0.0, seed=0):
    """A red ball on sand, with the shadow that it casts to the right; `shadow` is how dark that is, 0 to 1."""
    rng = np.random.default_rng(seed)
    ground = np.array([196, 176, 140], np.float32) + rng.normal(0, 7, (HEIGHT, WIDTH, 1)).astype(np.float32)
    ground = ground * (1 - shadow * ellipse(250, 190, 390, 225, blur=1.5))
    ball = np.array([190, 40, 35], np.float32) + rng.normal(0, 6, (HEIGHT, WIDTH, 1)).astype(np.float32)
    cover = ellipse(*BALL, blur=0.7)
    return Image.fromarray((ground * (1 - cover) + ball * cover).clip(0, 255).astype(np.uint8))
