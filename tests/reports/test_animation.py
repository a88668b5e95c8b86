import base64
import io

import numpy as np
import pytest
from PIL import Image

from regard.errors import DataError, UsageError
from regard.reports.animation import animate, slider_page
from tests.reports.page_check import check_page, data_of

IMAGES = np.zeros((2, 8, 8), np.uint8)


def wandering(epochs):
    """Maps whose peak goes down the diagonal, a pixel an epoch; the first is uniform."""
    maps = np.zeros((epochs, 2, epochs, epochs))
    maps[0] = 0.5
    for epoch in range(1, epochs):
        maps[epoch, :, epoch, epoch] = 1
    return [(f"epoch {epoch + 1}", each) for epoch, each in enumerate(maps)]


def frames_of(path):
    with Image.open(path) as file:
        frames, lengths = [], []
        for number in range(file.n_frames):
            file.seek(number)
            frames.append(np.asarray(file.convert("RGB")).astype(int))
            lengths.append(file.info["duration"])
    return np.stack(frames), lengths


def yellow(frame):
    """The centre of the pixels of the largest value in the first of two maps."""
    left = frame[:, : frame.shape[1] * 2 // 5]
    rows, columns = np.nonzero((left[..., 0] > 160) & (left[..., 1] > 150) & (left[..., 2] < 110))
    return rows.mean(), columns.mean()


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_a_frame_for_each_epoch_in_order(tmp_path, suffix):
    path = tmp_path / f"maps.{suffix}"
    animate(IMAGES, wandering(4), path, seconds=0.2)
    frames, lengths = frames_of(path)
    assert len(frames) == 4
    assert lengths == [200, 200, 200, 800]
    places = np.array([yellow(frame) for frame in frames[1:]])
    assert (np.diff(places, axis=0) > 10).all()
    assert list(tmp_path.iterdir()) == [path]


def test_only_maps_and_labels_move(tmp_path):
    animate(IMAGES, wandering(3), tmp_path / "maps.gif")
    frames, _ = frames_of(tmp_path / "maps.gif")
    bar = frames[:, :, frames.shape[2] * 7 // 8 :]
    assert np.ptp(bar, axis=0).max() == 0
    assert np.ptp(bar) > 200


def test_all_frames_have_one_scale(tmp_path):
    maps = np.stack([np.eye(2)] * 2)
    animate(IMAGES, [("half", maps / 2), ("whole", maps)], tmp_path / "maps.webp")
    half, whole = frames_of(tmp_path / "maps.webp")[0]
    middle = slice(half.shape[0] // 3, -half.shape[0] // 3)
    left = slice(half.shape[1] // 10, half.shape[1] // 8)
    assert (whole[middle, left, 0] - half[middle, left, 0]).max() > 60


def test_colours_of_a_gif_stay_near_to_the_true_ones(tmp_path):
    for suffix in ("gif", "webp"):
        animate(IMAGES, wandering(3), tmp_path / f"maps.{suffix}")
    few, true = (frames_of(tmp_path / f"maps.{suffix}")[0] for suffix in ("gif", "webp"))
    assert np.abs(few - true).max() <= 12


def test_page_holds_each_map_of_each_epoch():
    frames = wandering(5)
    page = slider_page(IMAGES, frames, ["<boot>", "shirt"])
    check_page(page)
    data = data_of(page)
    assert data["labels"] == [f"epoch {number}" for number in range(1, 6)]
    assert data["flat"] == [[True, True]] + [[False, False]] * 4
    for epoch, (_, maps) in enumerate(frames):
        file = io.BytesIO(base64.b64decode(data["maps"][epoch][0].split(",")[1]))
        with Image.open(file) as picture:
            np.testing.assert_allclose(np.asarray(picture) / 256, maps[0], atol=1 / 256)
    assert "<span>0</span><span>1</span>" in page
    assert "&lt;boot&gt;" in page


def test_signed_maps_over_the_epochs():
    frames = [("a", np.full((2, 2, 2), -0.25)), ("b", np.stack([np.eye(2)] * 2))]
    page = slider_page(IMAGES, frames)
    assert "<span>-0.25</span><span>0</span><span>1</span>" in page


@pytest.mark.parametrize(
    ("images", "frames", "found"),
    [
        ([], wandering(2), "no image"),
        (IMAGES, [], "no frame"),
        (IMAGES, [("epoch 1", np.zeros((1, 2, 2)))], r"2 images, not of shape \(1, 2, 2\)"),
        (IMAGES, [("epoch 1", np.full((2, 2, 2), np.inf))], "not finite"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, images, frames, found):
    with pytest.raises(DataError, match=found):
        animate(images, frames, tmp_path / "maps.gif")
    with pytest.raises(DataError, match=found):
        slider_page(images, frames)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "seconds"), [("maps.mp4", 1), ("maps.gif", 0)])
def test_bad_arguments(tmp_path, name, seconds):
    with pytest.raises(UsageError):
        animate(IMAGES, wandering(2), tmp_path / name, seconds=seconds)
