import hashlib
import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from regard.datasets import picture
from regard.datasets.picture import find_pictures, read_described, read_original, read_picture
from regard.errors import DataError

GREY = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tiff"])
def test_lossless_formats(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(GREY).save(path)
    np.testing.assert_array_equal(read_picture(path, (2, 3))[..., 0], GREY)


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_lossy_formats_in_colour(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", (40, 40), (200, 100, 50)).save(path)
    result = read_picture(path, channels=3)
    assert result.shape == (28, 28, 3)
    assert result.dtype == np.uint8
    np.testing.assert_allclose(result[14, 14], (200, 100, 50), atol=6)


def test_exif_orientation_6_is_turned_upright(tmp_path):
    path = tmp_path / "a.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(GREY).save(path, exif=exif)
    np.testing.assert_array_equal(read_picture(path, (3, 2))[..., 0], np.rot90(GREY, -1))


@pytest.mark.parametrize("pixels", [GREY, GREY.astype(np.uint16) << 8], ids=["8 bits", "16 bits"])
def test_a_grey_tiff_on_its_side_is_turned_upright(tmp_path, pixels):
    path = tmp_path / "a.tiff"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(path, exif=exif)
    np.testing.assert_array_equal(read_picture(path, (3, 2))[..., 0], np.rot90(GREY, -1))


TURNS = {1: 0, 3: 2, 6: -1, 8: 1}


@pytest.mark.parametrize("mark", TURNS)
def test_an_original_is_upright_and_in_its_own_size(tmp_path, mark):
    exif = Image.Exif()
    exif[0x0112] = mark
    Image.fromarray(GREY).save(tmp_path / "a.png", exif=exif)
    found = read_original(tmp_path / "a.png")
    np.testing.assert_array_equal(found, np.rot90(GREY, TURNS[mark])[..., None].repeat(3, -1))


def test_a_large_original_is_made_smaller_in_its_proportions(tmp_path):
    Image.new("RGB", (300, 200), "red").save(tmp_path / "a.png")
    assert read_original(tmp_path / "a.png", longest=60).shape == (40, 60, 3)


def photograph(columns, rows):
    """A picture with shapes and edges of many sizes."""
    rng = np.random.default_rng(0)
    image = Image.new("RGB", (columns, rows))
    for side in (2, 5, 12, 40):
        pixels = Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8))
        image = Image.blend(image, pixels.resize((columns, rows)), 0.4)
    return image


def difference(first, second):
    return np.sqrt(np.mean((first.astype(float) - second.astype(float)) ** 2))


@pytest.mark.parametrize("size", [(640, 480), (644, 484), (645, 483), (2000, 1504)])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_large_photo_comes_as_if_it_were_decoded_whole(tmp_path, size, suffix):
    path = tmp_path / f"a.{suffix}"
    photograph(*size).save(path)
    with Image.open(path) as opened:
        whole = np.asarray(opened.resize((48, 40), Image.Resampling.LANCZOS))
    assert difference(read_picture(path, (40, 48), 3), whole) < 1


def test_a_photo_less_than_three_times_as_large_comes_to_the_bit_by_lanczos_alone(tmp_path):
    path = tmp_path / "a.jpg"
    photograph(160, 120).save(path)
    with Image.open(path) as opened:
        whole = np.asarray(opened.resize((56, 48), Image.Resampling.LANCZOS))
    np.testing.assert_array_equal(read_picture(path, (48, 56), 3), whole)


@pytest.mark.parametrize("mark", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_large_photo_on_its_side_is_described_as_a_viewer_shows_it(tmp_path, mark):
    exif = Image.Exif()
    exif[0x0112] = mark
    photograph(640, 480).save(tmp_path / "a.jpg", exif=exif)
    pixels, found = read_described(tmp_path / "a.jpg", (30, 20), 3)
    assert (found.columns, found.rows) == ((640, 480) if mark < 5 else (480, 640))
    with Image.open(tmp_path / "a.jpg") as opened:
        upright = ImageOps.exif_transpose(opened)
    whole = np.asarray(upright.resize((20, 30), Image.Resampling.LANCZOS))
    assert difference(pixels, whole) < 1


def test_a_description_comes_with_the_pixels_and_the_digest_of_the_bytes(tmp_path):
    path = tmp_path / "a.jpg"
    photograph(400, 300).save(path)
    pixels, found = read_described(path, (20, 30), 1)
    np.testing.assert_array_equal(pixels, read_picture(path, (20, 30), 1))
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tiff", "bmp"])
def test_a_file_is_read_once(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"a.{suffix}"
    photograph(400, 300).save(path)
    opened = []
    real = io.open
    monkeypatch.setattr(io, "open", lambda *words, **more: opened.append(1) or real(*words, **more))
    monkeypatch.setattr("builtins.open", io.open)
    read_described(path, (20, 30), 1)
    assert len(opened) == 1


def test_decoders_call_a_file_by_its_path(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    with pytest.raises(DataError, match=rf"cannot identify image file '{path}'"):
        read_picture(path)


def test_transparency_is_white(tmp_path):
    rgba = np.zeros((1, 2, 4), np.uint8)
    rgba[0, 1, 3] = 255
    Image.fromarray(rgba).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", (1, 2)).ravel().tolist() == [255, 0]


def test_transparent_palette_is_white(tmp_path):
    image = Image.new("P", (1, 1), 0)
    image.putpalette([10, 20, 30])
    image.save(tmp_path / "a.png", transparency=0)
    assert read_picture(tmp_path / "a.png", (1, 1), 3).ravel().tolist() == [255, 255, 255]


def test_first_frame(tmp_path):
    frames = [Image.new("L", (4, 4), grey) for grey in (10, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert set(read_picture(tmp_path / "a.gif").ravel()) == {10}


@pytest.mark.parametrize("suffix", ["gif", "tiff"])
def test_what_can_be_read_can_be_described_though_a_later_frame_is_cut_off(tmp_path, suffix):
    file = tmp_path / f"a.{suffix}"
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    first, *others = map(Image.fromarray, pixels)
    first.save(file, save_all=True, append_images=others)
    content = file.read_bytes()
    for length in range(len(content) // 3, len(content)):
        file.write_bytes(content[:length])
        try:
            read_picture(file)
        except DataError:
            continue
        assert read_described(file, (8, 8), 3)[1].rows == 8


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_16_bits_are_scaled(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(GREY.astype(np.uint16) << 8).save(path)
    np.testing.assert_array_equal(read_picture(path, (2, 3))[..., 0], GREY)


def test_32_bits_are_refused(tmp_path):
    Image.fromarray(GREY.astype(np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(DataError, match=r"a\.tiff: 32 bits"):
        read_picture(tmp_path / "a.tiff")


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path, tmp_path / "none.png"):
        with pytest.raises(DataError, match=rf"{path.name}: there is no such file"):
            read_picture(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tiff", "bmp"])
def test_broken_files_are_data_errors(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    content = path.read_bytes()
    for length in range(0, len(content) // 2, 7):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=path.name):
            read_picture(path)


def test_other_formats_are_refused(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png", format="PPM")
    with pytest.raises(DataError, match=r"a\.png: not a picture"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize(("limit", "message"), [("MAX_BYTES", "bytes"), ("MAX_PIXELS", "pixels")])
def test_limits(tmp_path, monkeypatch, limit, message):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    monkeypatch.setattr(picture, limit, 5)
    with pytest.raises(DataError, match=rf"a\.png: .*5 {message}"):
        read_picture(tmp_path / "a.png")


def test_decompression_bomb(tmp_path, monkeypatch):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2)
    with pytest.raises(DataError, match=r"a\.png: .*bomb"):
        read_picture(tmp_path / "a.png")


def test_folders_are_expanded_in_natural_order(tmp_path):
    for name in ("10.png", "2.PNG", "b1.jpg", ".hidden.png", "notes.txt", "01.png", "1.png"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    found = find_pictures([tmp_path / "notes.txt", tmp_path])
    names = [path.name for path in found]
    assert names == ["notes.txt", "01.png", "1.png", "2.PNG", "10.png", "b1.jpg"]


def test_folder_without_pictures(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match="no pictures"):
        find_pictures([tmp_path])


def test_a_phones_jpeg_of_several_pictures_is_a_jpeg(tmp_path):
    first, second = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    file = tmp_path / "portrait.jpg"
    first.save(file, "MPO", save_all=True, append_images=[second])
    pixels, found = read_described(file, (30, 40), 3)
    assert (found.format, found.is_named_so) == ("JPEG", True)
    assert pixels[..., 0].min() > 250 and pixels[..., 2].max() < 5
