"""A network for your own photos: checked, trained, tested, and asked about one of them.

    python examples/own_photos.py photos/          # with a folder of photos for each class inside
    python examples/own_photos.py photos/ 10 64    # ten epochs, on images of 64 x 64 pixels

The run goes into a folder of `runs/`; no photo is changed. A test runs this file on tiles of four
photographs that scikit-image brings along (brick, grass, gravel and cat, all of them CC0).
"""

import sys
from pathlib import Path

import regard
from regard.datasets.check import as_images
from regard.datasets.photo_check import check_photos
from regard.datasets.picture import read_original, read_picture
from regard.evaluation.predict import predict_probabilities
from regard.reports import overlays, save
from regard.training.recipe import read_recipe

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("photos")
EPOCHS = int(sys.argv[2]) if len(sys.argv) > 2 else 30
IMAGE_SIZE = int(sys.argv[3]) if len(sys.argv) > 3 else 48

# 1. A look at every file. What cannot be read is named here, and left out of the training.
found = check_photos(FOLDER)
print(found.summary())
for name, photos, files in found.counts():
    print(f"{name}: {photos} photos of {files} files")
for problem in found.problems():
    print(f"problem: {problem}")

# 2. Training. The epoch is chosen on validation photos, and the test photos are looked at once.
# The tutorial's network has no batch norm, whose moving averages need some hundred steps; with a
# few hundred photos these are many epochs.
recipe = read_recipe(
    name="photos",
    dataset=str(FOLDER),
    network="tutorial",
    epochs=EPOCHS,
    image_size=IMAGE_SIZE,
    batch_size=16,
)
result = regard.train(recipe)
run = result.trained.folder
print(f"report: {run / 'report.html'}")

# 3. The test.
test = result.evaluation
print(test.summary())
for name, recall in zip(test.class_names, test.recall, strict=True):
    print(f"{name}: {recall:.0%} of its test photos are recognised")

# 4. One photo that the network has not seen, read as the training's were.
model = regard.load(run)
photo = next(photo.path for photo, side in found.sides().items() if side == "test")
rows, columns, channels = model.input_shape[1:]
image = as_images(read_picture(photo, (rows, columns), channels))
probabilities = predict_probabilities(model, image)[0]
answer = f"{test.class_names[probabilities.argmax()]} {probabilities.max():.0%}"
print(f"prediction for {photo}: {answer}")

# 5. Where the network looks on it.
original = read_original(photo)
maps = regard.attention_maps(model, image).on_picture(original.shape[:2]).to_images()
save(overlays([original], maps, [answer]), run / "explanation.png")
print(f"explanation: {run / 'explanation.png'}")
