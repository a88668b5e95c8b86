from regard.studies import on_ray


def test_a_machine_with_other_versions_does_no_training(monkeypatch):
    here = on_ray.environment()
    other = here | {"packages": here["packages"] | {"keras": "4.0"}}
    monkeypatch.setattr(on_ray, "environment", lambda: other)
    answer = on_ray._do({"do": "train"}, (None, None, here))
    assert answer["failed"].endswith(f"keras was {here['packages']['keras']} and is 4.0.")
