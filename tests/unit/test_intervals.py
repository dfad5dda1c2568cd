from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_ls.evals.intervals import difference_interval, mean_interval, ratio_interval
from copilot_ls.evals.plot import bars

shares = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=40)


@settings(max_examples=15)
@given(shares)
def test_an_interval_holds_its_own_figure(values: list[float]) -> None:
    found = mean_interval(values)
    assert found.low <= found.value <= found.high
    assert found.value == sum(values) / len(values)


def test_more_cases_make_a_narrower_interval() -> None:
    few, many = mean_interval([0.0, 1.0] * 10), mean_interval([0.0, 1.0] * 200)
    assert many.high - many.low < few.high - few.low


def test_a_case_by_case_gain_is_surer_than_two_figures_apart() -> None:
    base = [0.0, 1.0] * 20
    ours = [1.0 if index == 0 else value for index, value in enumerate(base)]
    paired = difference_interval(ours, base)
    assert paired.low >= 0.0
    assert mean_interval(ours).low < mean_interval(base).value


def test_a_ratio_to_nothing_stays_a_number() -> None:
    assert ratio_interval([1.0, 1.0, 0.0], [0.0, 0.0, 0.0]).value == 4.0


def test_nothing_measured_is_zero() -> None:
    assert mean_interval([]).high == 0.0


def test_a_picture_has_a_bar_for_each_figure_and_escapes_names() -> None:
    figure = mean_interval([20.0, 40.0])
    picture = bars("A < B", " %", {"in file only": figure, "<ours>": figure})
    assert picture.count("30.0 %") == 2
    assert "&lt;ours&gt;" in picture
    assert "A &lt; B" in picture
