"""What lines of losses say, against lines that anybody can draw."""

import pytest

from reslab.analysis import downward, steadiness

BOWL = (9.0, 4.0, 1.0, 4.0, 9.0)


def test_steadiness_is_the_share_of_ways_that_rise_at_every_step():
    assert steadiness(BOWL) == 1
    assert steadiness((9.0, 4.0, 1.0, 4.0, 3.0)) == 0.5, "it falls back at the end"
    assert steadiness((4.0, 9.0, 1.0, 1.0, 9.0)) == 0, "as high as before is no rise"


def test_a_convex_line_does_not_bend_downwards():
    assert downward(BOWL) == 0
    assert downward((5.0, 4.0, 0.0, 4.0, 5.0)) == pytest.approx(3 / 8)  # second differences -3, 8, -3
    assert downward((0.0, 1.0, 0.0)) is None, "upwards nowhere: there is nothing to compare with"
