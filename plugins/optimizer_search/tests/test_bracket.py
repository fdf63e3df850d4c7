"""The published tables of Hyperband, and what float logarithms get wrong."""

import pytest

from trainyard_optimizer_search.bracket import brackets, keep

# Li et al., JMLR 18 (2018), Algorithm 1 with R = 81 and eta = 3, worked out by hand: s_max = 4 and B = 5 R, so
# n = ceil(5 * 3^s / (s + 1)): ceil(405/5) = 81, ceil(135/4) = 34, ceil(45/3) = 15, ceil(15/2) = 8, 5. The paper's own
# table 1 rounds otherwise in the middle brackets (27, 9 and 6 trials at s = 3, 2, 1 in its first version); the counts
# of s = 4 and s = 0 and every resource are those of the table.
R81 = {
    4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    3: [(34, 3), (11, 9), (3, 27), (1, 81)],
    2: [(15, 9), (5, 27), (1, 81)],
    1: [(8, 27), (2, 81)],
    0: [(5, 81)],
}
# R = 10: s_max = 2, n = ceil(3 * 9 / 3) = 9, ceil(3 * 3 / 2) = 5, 3; resources 10/9, 10/3 and 10.
R10 = {
    2: [(9, 10 / 9), (3, 10 / 3), (1, 10)],
    1: [(5, 10 / 3), (1, 10)],
    0: [(3, 10)],
}


def table(most, eta):
    return {
        bracket.s: [(keep(bracket.trials, eta, rung), float(r)) for rung, r in enumerate(bracket.resources)]
        for bracket in brackets(most, eta)
    }


@pytest.mark.parametrize("most, wanted", [(81, R81), (10, R10)])
def test_the_published_tables(most, wanted):
    assert table(most, 3) == wanted


@pytest.mark.parametrize("power", range(1, 12))
@pytest.mark.parametrize("eta", [2, 3, 5, 10])
def test_a_power_of_eta_has_as_many_brackets_as_its_exponent_and_one(eta, power):
    found = brackets(eta**power, eta)
    assert [bracket.s for bracket in found] == list(range(power, -1, -1))
    assert found[0].trials == eta**power
    assert found[0].resources == tuple(eta**rung for rung in range(power + 1))


def test_the_brackets_that_spend_most_time_first_are_the_ones_with_most_trials():
    assert [bracket.trials for bracket in brackets(81, 3)] == [81, 34, 15, 8, 5]


def test_eta_may_be_a_fraction():
    assert table(10, 2.5) == {2: [(7, 1.6), (2, 4.0), (1, 10.0)], 1: [(4, 4.0), (1, 10.0)], 0: [(3, 10.0)]}
