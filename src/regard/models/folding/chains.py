"""Finds which layers of a model to make one."""

import math

import keras

from regard.models.folding import forms
from regard.models.folding.batch_norm import batch_norm
from regard.models.folding.reading import CONVOLUTIONS, may_be_linear, read, read_flat_dense
from regard.models.folding.report import Folded, Kept, Report
from regard.models.folding.window import Refused


class Plan:
    """Which calls are made one.

    Attributes:
        instead: What to run, by the identity of Keras's record of the call for which it stands,
            the last of a chain.
        in_training: What to run, likewise, where a layer that is trained is called in training.
        passed: Identities of the records of the calls that are not run, whose input is handed on.
        report: A `Report`.
    """

    def __init__(self, calls, training, batch_size):
        self.instead = {}
        self.in_training = {}
        self.passed = set()
        self.report = Report([], [])
        self._training = training
        self._batch_size = batch_size
        unique = {id(call.node): call for call in calls.all}.values()
        for chain in self._chains([call for call in unique if may_be_linear(call)]):
            self._fold(chain)
        for call in unique:
            self._reform(call)

    def _chains(self, candidates):
        """Lists of `Linear` of which each takes the output of the one before."""
        joined = {id(call): self._joined(call) for call in candidates}
        taken = {id(user) for user in joined.values() if user is not None}
        for call in candidates:
            if id(call) not in taken:
                line = [call]
                while (user := joined[id(line[-1])]) is not None:
                    line.append(user)
                yield from self._linears(line)

    def _joined(self, call):
        """The call that alone takes a call's output, if it may be linear."""
        users = [user for user in call.users if may_be_linear(user)]
        if not users:
            return None
        output = call.node.outputs[0]
        if len(call.users) > 1 or any(output is end for end in call.graph.outputs):
            self._keep(call, users[0], "the output of the first is used elsewhere too")
            return None
        if users[0].graph is not call.graph:
            self._keep(call, users[0], "they stand in different models")
            return None
        return users[0]

    def _linears(self, line):
        """Cuts a line of calls where one cannot be read."""
        chain = []
        while line:
            taken = 1
            if type(line[0].layer) is keras.layers.Flatten:
                taken = 2 if len(line) > 1 and type(line[1].layer) is keras.layers.Dense else 1
            try:
                linear = self._read(line[:taken])
            except Refused as reason:
                linear = None
                if chain:
                    self._keep(chain[-1].calls[-1], line[0], str(reason))
                elif len(line) > taken:
                    self._keep(line[0], line[taken], str(reason))
            if linear is not None:
                chain.append(linear)
            if linear is None and chain:
                yield chain
                chain = []
            line = line[taken:]
        if chain:
            yield chain

    def _read(self, calls):
        if len(calls) == 2:
            return read_flat_dense(*calls)
        if type(calls[0].layer) is keras.layers.Flatten:
            return None
        if self._training and type(calls[0].layer) is keras.layers.BatchNormalization:
            name = calls[0].layer.name
            raise Refused(f"in training, {name} needs the batch; fold with training=False")
        return read(calls[0])

    def _fold(self, chain):
        start = 0
        for end in self._cheapest_ends(chain):
            part = chain[start:end]
            if len(part) > 1:
                self._take(part)
            if end < len(chain):
                self._explain(part, chain[end])
            start = end

    def _cheapest_ends(self, chain):
        """Where to cut a chain so that the parts, each made one, cost least in sum."""
        costs, starts = [0] + [math.inf] * len(chain), [0] * (len(chain) + 1)
        for start in range(len(chain)):
            whole = None
            for end in range(start + 1, len(chain) + 1):
                try:
                    whole = chain[start] if whole is None else whole.then(chain[end - 1])
                except Refused:
                    break
                cost = costs[start] + self._cost(whole)
                if cost < costs[end]:
                    costs[end], starts[end] = cost, start
        ends = [len(chain)]
        while starts[ends[-1]]:
            ends.append(starts[ends[-1]])
        return ends[::-1]

    def _take(self, part):
        whole = _in_one(part)
        self.instead[id(whole.calls[-1].node)] = whole
        self.passed |= {id(call.node) for call in whole.calls[:-1]}
        before = sum(linear.window.multiply_adds for linear in part)
        paths = tuple(call.path for call in whole.calls)
        self.report.folded.append(
            Folded(paths, _described(whole.window), before, self._cost(whole))
        )

    def _reform(self, call):
        """Lets a layer that stays alone be computed in the backend's fastest form."""
        if id(call.node) in self.instead or id(call.node) in self.passed:
            return
        form = None
        if type(call.layer) is keras.layers.BatchNormalization:
            self._reform_batch_norm(call)
        elif type(call.layer) is keras.layers.MaxPooling2D:
            form = forms.max_pool(call.layer)
        elif type(call.layer) in CONVOLUTIONS:
            form = self._convolution(call)
        if form is not None:
            self.instead[id(call.node)] = form

    def _reform_batch_norm(self, call):
        form = batch_norm(call.layer, call.shape)
        told = [value for value in call.node.arguments.kwargs.values() if value is not None]
        if form is not None and not told:
            self.in_training[id(call.node)] = form

    def _convolution(self, call):
        try:
            linear = read(call)
        except Refused:
            return None
        suits = forms.convolution(linear.window, linear.data_format) is not None
        return linear if suits else None

    def _explain(self, part, following):
        calls = part[-1].calls[-1], following.calls[-1]
        try:
            one = self._cost(_in_one([*part, following]))
        except Refused as reason:
            self._keep(*calls, str(reason))
            return
        two = self._cost(_in_one(part)) + self._cost(following)
        self._keep(*calls, f"one would take {one:,} instead of {two:,} multiply-adds an image")

    def _cost(self, linear):
        return linear.window.multiply_adds + math.ceil(linear.composing / self._batch_size)

    def _keep(self, call, user, reason):
        self.report.kept.append(Kept((call.path, user.path), reason))


def _in_one(part):
    whole = part[0]
    for linear in part[1:]:
        whole = whole.then(linear)
    return whole


def _described(window):
    if window.flattens or not window.size:
        return "one dense layer"
    size = "x".join(map(str, window.size))
    stride = "x".join(map(str, window.strides))
    return f"one {size} convolution" + (f" of stride {stride}" if max(window.strides) > 1 else "")
