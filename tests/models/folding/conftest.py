import keras
import pytest


@pytest.fixture(scope="module", autouse=True)
def double_precision():
    """Lets JAX compute in float64 where it is asked to."""
    if keras.config.backend() != "jax":
        yield
        return
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)
