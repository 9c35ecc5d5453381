# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration tests; support.py has what they are made of."""
import pytest

from support import Engine


@pytest.fixture
def engine(tmp_path):
    """An engine with a fresh store and the two well-behaved test plugins."""
    return Engine(tmp_path)


@pytest.fixture
def make_engine(tmp_path):
    """Makes engines with other plugins, options or limits."""
    def make(name="engine", **how):
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        return Engine(directory, **how)
    return make
