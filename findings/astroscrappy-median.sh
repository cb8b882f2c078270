#!/usr/bin/env bash
# astroscrappy 1.3.0: cleantype="median" fills what it repairs with values that it has never set, not with a median.
#
# Expected: as the documentation says, hot pixels and scratches that detect_cosmics() finds are replaced by the median of
# the 5 x 5 pixels around them. That is a little rougher than the three other ways of cleaning.
# Seen: two of these 25 values are pixels, the others are never set. The result is about 0: in a picture of 300 to 700,
# each repaired pixel is a black dot, whatever surrounds it. In the next iteration, the sound pixels beside the dots look
# like hot ones, and are blackened as well: of 80 damaged pixels come 1505. No warning. "medmask", "meanmask" and "idw"
# find 80 pixels, and their repair is off by 4 on average. Use "medmask".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet astroscrappy==1.3.0 astropy==8.0.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import astroscrappy
import numpy as np

random = np.random.default_rng(0)
rows, columns = np.mgrid[:200, :200]
picture = (300 + 2 * columns + random.normal(0, 5, (200, 200))).astype(np.float32)
spots = np.zeros(picture.shape, bool)
spots[random.integers(5, 195, 60), random.integers(5, 195, 60)] = True
spots[100, 40:60] = True  # a scratch
damaged = np.where(spots, picture + 3000, picture)

errors, sound = {}, {}
for cleantype in ("median", "medmask", "meanmask", "idw"):
    found, repaired = astroscrappy.detect_cosmics(damaged, cleantype=cleantype)
    assert found[spots].all(), "the behaviour has changed"
    values = repaired[found]
    errors[cleantype] = float(np.abs(values - picture[found]).mean())
    sound[cleantype] = int((found & ~spots).sum())
    print(f"{cleantype}: {found.sum()} pixels are repaired, {sound[cleantype]} of them were sound;", end=" ")
    print(f"values {values.min():.1f} ... {values.max():.1f}, off by {errors[cleantype]:.1f} on average")
print(f"{spots.sum()} pixels were damaged, all were {picture.min():.1f} ... {picture.max():.1f} before")
by_median = errors.pop("median")
assert by_median > 100 and max(errors.values()) < 10, "the behaviour has changed"
assert sound.pop("median") > 100 and not any(sound.values()), "the behaviour has changed"
PYTHON
