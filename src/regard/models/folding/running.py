"""Runs a model with some of its layers made one."""

import keras

from regard.errors import UsageError
from regard.models.calls import graph_of, is_model, nodes


class FoldedModel(keras.Model):
    """Gives what a model gives, with the same variables, for less work.

    It calls the model's own layers, so what it trains is the model's. To save what was trained,
    save the model.

    Args:
        model: The model.
        plan: Which of its calls are made one, from `regard.models.folding.chains`.
        training: Whether it can be trained.

    Attributes:
        model: The model.
        report: What was folded, and why not more.
        instead: What is run in the stead of a layer, by the identity of Keras's record of its call.
        in_training: What is run likewise in training, in the stead of a layer that is trained.
    """

    def __init__(self, model, plan, training):
        super().__init__(name=f"{model.name}_folded", dtype=model.dtype_policy)
        self._convert_input_args = False  # each input has its own dtype
        self._allow_non_tensor_positional_args = True
        self.model = model
        self.report = plan.report
        self.instead = plan.instead
        self.in_training = plan.in_training
        self._passed = plan.passed
        self._can_train = training
        self.built = True

    def call(self, inputs, training=None):
        if training and not self._can_train:
            raise UsageError(
                f"{self.name} was folded for inference, with its batch norms. To train, fold with "
                "training=True."
            )
        return self._run(self.model, inputs, training)

    def _run(self, model, inputs, training):
        graph = graph_of(model)
        made = dict(zip(map(id, graph.inputs), graph._standardize_inputs(inputs), strict=True))
        for node in nodes(graph):
            args, kwargs = node.arguments.fill_in(made)
            outputs = keras.tree.flatten(self._step(node, args, kwargs, training))
            made.update(zip(map(id, node.outputs), outputs, strict=True))
        outputs = keras.tree.map_structure(lambda x: made[id(x)], graph._outputs_struct)
        alone = isinstance(outputs, list | tuple) and len(outputs) == 1
        return outputs[0] if alone else outputs

    def _step(self, node, args, kwargs, training):
        layer = node.operation
        if id(node) in self._passed:
            return args[0]
        if id(node) in self.instead:
            return self.instead[id(node)](args[0])
        if training and self._has_form_in_training(node, args[0]):
            return self.in_training[id(node)](args[0])
        if is_model(layer) and isinstance(layer, keras.Model):
            training = kwargs.get("training") if training is None else training
            return self._run(layer, args[0], training)
        if training is not None and "training" in getattr(layer, "_call_context_args", ()):
            kwargs = kwargs | {"training": training}
        return layer(*args, **kwargs)

    def _has_form_in_training(self, node, x):
        is_masked = getattr(x, "_keras_mask", None) is not None
        return id(node) in self.in_training and node.operation.trainable and not is_masked
