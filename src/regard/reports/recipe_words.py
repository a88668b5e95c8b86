"""A recipe in words."""


def recipe_words(recipe):
    """Says how a network is trained, but for its seed.

    Args:
        recipe: A `regard.training.Recipe`.

    Example:
        >>> from regard.training import Recipe
        >>> recipe_words(Recipe(epochs=3, shift=2))
        'Adam, learning rate 0.001, images shifted by at most 2 px, 3 epochs of batches of 64'
    """
    decay = f"AdamW, weight decay {recipe.weight_decay:g}" if recipe.weight_decay else "Adam"
    parts = [f"{decay}, learning rate {recipe.learning_rate:g}"]
    if recipe.schedule != "constant":
        parts.append(f"{recipe.schedule} schedule")
    if recipe.shift:
        parts.append(f"images shifted by at most {recipe.shift} px")
    if recipe.label_smoothing:
        parts.append(f"label smoothing {recipe.label_smoothing:g}")
    if recipe.class_weights != "none":
        parts.append(f"{recipe.class_weights} class weights")
    if recipe.group_by:
        parts.append(f"no group (by {recipe.group_by}) on two sides")
    epochs = "1 epoch" if recipe.epochs == 1 else f"{recipe.epochs} epochs"
    parts.append(f"{epochs} of batches of {recipe.batch_size}")
    return ", ".join(parts)
