"""What a study did, in words for a paper's section on methods."""

from regard.reports.recipe_words import recipe_words
from regard.reports.study.arms import baseline, designs, has_controls, scores_of
from regard.reports.study.words import DIVERGED, counted, fact, level_words, listed
from regard.studies.statistics import FEWEST_SEEDS, worth_words

_CONTROLS = {
    "frozen": (
        "its layer frozen at its start, so that nothing is learned there; it shows what the form "
        "of the layer gives alone"
    ),
    "equal parameters": (
        "two 1 x 1 convolutions beside a skip connection in each place of the attention, as wide "
        "as it takes to have its parameters; it shows what size gives"
    ),
    "equal time": (
        "two 3 x 3 convolutions likewise, as wide as it takes for a training step to last as long, "
        "as measured; it shows what time gives"
    ),
    "shuffled": (
        "the design's own trained network, tested with the attention maps of other images; it "
        "shows whether the maps matter image by image"
    ),
}


def methods_text(results):
    """Says what was done: data, network, training, arms, seeds, statistics, software, gaps.

    Args:
        results: A `regard.studies.results.Results`.

    Returns:
        Paragraphs with an empty line between them.
    """
    parts = [
        _data(results),
        _training(results),
        _arms(results),
        _controls(results),
        _seeds(results),
        _tests(results),
        _verdicts(results.study),
        _software(results),
        _gaps(results),
    ]
    return "\n\n".join(filter(None, parts))


def _data(results):
    recipe = results.study.recipe
    data = fact(results, "data") or recipe.dataset
    part = ""
    if results.study.images is not None:
        part = (
            f"Each seed drew {results.study.images:,} of the images to train on anew, the same for "
            "all arms. "
        )
    groups = ", no group of images on two sides" if recipe.group_by else ""
    held_out = (
        f"To choose the epoch, {recipe.validation_fraction:.0%} of the images to train on were "
        "held out"
    )
    if _has_validation(results):
        held_out = "The epoch was chosen on the validation images, the same for all seeds"
    return (
        f"Data. We used {data}, with {counted(len(results.class_names), 'class', 'classes')}. "
        f"{part}{held_out}{groups}. Accuracy is that on the "
        f"{counted(len(results.labels), 'test image')}, which no choice was made on."
    )


def _has_validation(results):
    """Whether the images came with some to choose the epoch by."""
    _, _, counts = (fact(results, "data") or "").rpartition(": ")
    return " validation" in counts


def _training(results):
    study, recipe = results.study, results.study.recipe
    rate = "The learning rate was the same for all arms."
    if study.tune:
        rate = (
            "In its place the learning rate was chosen for each arm by "
            f"{counted(study.tune, 'trial')} of its own on validation images{_rates(results)}."
        )
    return (
        f"Network and training. The network was {recipe.network}, trained with "
        f"{recipe_words(recipe)}. {rate}"
    )


def _rates(results):
    """The learning rates that were chosen, in brackets; empty where none is known."""
    found = {
        arm.name: score.learning_rate
        for arm in results.arms
        if arm.role != "shuffled"
        for score in scores_of(results, arm).values()
    }
    known = [f"{rate:.2g} for {name}" for name, rate in found.items() if rate is not None]
    return f" ({'; '.join(known)})" if known else ""


def _arms(results):
    parts = [f"{arm.name}: {arm.made_of}, {_cost(arm)}" for arm in designs(results)]
    return (
        f"Arms. The network without attention ({_cost(baseline(results))}) was compared with the "
        f"same network with these designs of attention: {'; '.join(parts)}."
    )


def _controls(results):
    roles = {arm.role for arm in results.arms}
    had = [name for name in results.study.controls if name in roles]
    if not had:
        return "The study has no controls beside the network without attention."
    each = " ".join(f"{name.capitalize()}: {_CONTROLS[name]}." for name in had)
    return f"Controls. Designs were also compared with controls of their own. {each}"


def _seeds(results):
    study = results.study
    augmentation = ", the augmentation" if study.recipe.shift else ""
    split, held = "the split into training and validation images, ", "the test images"
    if _has_validation(results):
        split, held = "", "the validation and test images"
    stopped = ""
    if study.until_decided:
        stopped = (
            " The results were looked at after each seed from the fifth on, and the study was to "
            "stop as soon as all designs were decided."
        )
    return (
        f"Seeds. Each arm was trained with up to {counted(len(study.seeds), 'seed')} "
        f"({_numbers(study.seeds)}), the same for all arms. The seed sets {split}"
        f"the weights at the start, the order of the images{augmentation} and all else that is "
        "random; layers that two arms share by name start equal. Held for all seeds were "
        f"{held}, the recipe and the network.{stopped}"
    )


def _tests(results):
    count = len(designs(results))
    others = ", those beside controls are not" if has_controls(results) else ""
    return (
        "Statistics. A difference is the mean over the seeds of two arms' differences in test "
        f"accuracy, paired by seed. Its {level_words(results.study)} interval and p value are "
        "those of the paired t test, two-sided, with a standard deviation of at least that of "
        "rounding to whole images. The p values of the designs beside no attention are adjusted "
        f"by Holm's method over {counted(count, 'design')}{others}. The "
        "rest describes and decides nothing: the BCa bootstrap interval, the sign-flip permutation "
        "test over the seeds (exact up to 20), the median over the seeds of McNemar's mid-p over "
        "the test images, the probability that a training of the one arm beats one of the other "
        "(Agarwal et al., arXiv:2108.13264), and the smallest difference that as many seeds find "
        "with a probability of 80%. That splits and orders vary with the start values follows "
        f"Bouthillier et al. (arXiv:2103.03098).{_looks(results.study)}"
    )


def _looks(study):
    if not study.until_decided:
        return ""
    return (
        " The level is spent over the looks by the function of O'Brien and Fleming's type (Lan "
        "and DeMets, 1983), with levels for t tests; intervals are repeated confidence intervals "
        "(Jennison and Turnbull, 1989), and p values count for all looks before Holm's adjustment "
        "(Maurer and Bretz, 2013)."
    )


def _verdicts(study):
    worth = worth_words(study.worth)
    negligible = (
        f"There is no difference worth {worth} where the whole interval lies within ±{worth} (a "
        "region of practical equivalence). Otherwise a"
    )
    return (
        f"Verdicts. Fewer than {FEWEST_SEEDS} seeds decide nothing. "
        f"{negligible if study.worth else 'A'} design helps or hurts where its adjusted p value is "
        f"at most {study.level:g}; else the study cannot tell yet."
    )


def _software(results):
    facts = filter(None, [fact(results, "versions"), fact(results, "machine")])
    text = "; ".join(facts)
    return f"Software and machine. {text}." if text else ""


def _gaps(results):
    planned = [(arm, seed) for arm in results.arms for seed in results.study.seeds]
    told = results.scores.keys() | results.failed.keys()
    undone = [
        arm for arm, seed in planned if told.isdisjoint({(arm.name, seed), (_trained(arm), seed)})
    ]
    failed = [f"{arm} with seed {seed} ({why})" for (arm, seed), why in results.failed.items()]
    diverged = [f"{arm} with seed {seed} ({why})" for (arm, seed), why in results.diverged.items()]
    left = [f"{name} ({why})" for name, why in results.left_out.items()]
    parts = [
        f"These trainings failed and count in no mean: {listed(failed)}." if failed else "",
        f"These trainings diverged; {DIVERGED}: {listed(diverged)}." if diverged else "",
        f"These controls were left out: {listed(left)}." if left else "",
        f"Of {len(planned):,} results {len(undone):,} are not there, as that training was not done."
        if undone
        else "",
    ]
    text = " ".join(filter(None, parts))
    return f"Gaps. {text}" if text else "Gaps. None: every training was done and counted."


def _trained(arm):
    """Name of the arm whose training gives an arm's scores."""
    return arm.of if arm.role == "shuffled" else arm.name


def _cost(arm):
    return f"{arm.parameters:,} parameters, {arm.multiply_adds:,} multiply-adds an image"


def _numbers(seeds):
    """Seeds in short: a run of numbers by its ends."""
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))
