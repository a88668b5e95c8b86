"""The attention tutorial on Fashion-MNIST, from images to attention maps.

Only two things differ from the tutorial as it is found on the web: the imports, and the line
that reads the maps. Run it with `python examples/tutorial.py`; a number after it sets the epochs.
"""

import sys
from pathlib import Path

from regard import attention_maps, layers
from regard.datasets import fashion_mnist
from regard.reports import image_grid, overlays, save

from keras import models  # isort: skip

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
CLASS_NAMES = fashion_mnist.CLASS_NAMES
FIGURES = Path("figures")
FIGURES.mkdir(exist_ok=True)

# 1. The images, with a channel axis and values in 0…1.
(train_images, train_labels), (test_images, test_labels) = fashion_mnist.load_data()
x_train = train_images[..., None].astype("float32") / 255
x_test = test_images[..., None].astype("float32") / 255

# 2. A look at 25 of them.
titles = [CLASS_NAMES[label] for label in train_labels[:25]]
save(image_grid(train_images[:25], titles), FIGURES / "samples.png")

# 3. A convolutional network with an attention layer.
model = models.Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Conv2D(32, (3, 3)),
        layers.Conv2D(64, (3, 3)),
        layers.MaxPooling2D((2, 2)),
        layers.Attention(units=32, return_attention=True),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()

# 4. Training. A tenth of the training images is held out, so that the test images stay unseen.
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, train_labels, epochs=EPOCHS, batch_size=64, validation_split=0.1, verbose=2)

# 5. The test, once.
loss, accuracy = model.evaluate(x_test, test_labels, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

# 6. Where the network looks.
maps = attention_maps(model, x_test[:8]).to_images()
titles = [CLASS_NAMES[label] for label in model.predict(x_test[:8], verbose=0).argmax(axis=1)]
save(overlays(test_images[:8], maps, titles), FIGURES / "attention.png")
print(f"figures: {FIGURES / 'samples.png'}, {FIGURES / 'attention.png'}")
