"""The estimator behind the segments."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from crmlib.analyse.segment_model import SegmentModel, reorder_segments
from crmlib.schema.errors import ParameterError


@parametrize_with_checks([SegmentModel(random_state=0), SegmentModel(method="mixture", random_state=0)])
def test_scikit_learn_habits(estimator, check):
    check(estimator)
