"""What all tests share."""

import pytest

# Contract suites are plain modules that test classes inherit from; without this their failed
# assertions would not say what was compared.
pytest.register_assert_rewrite("tests.bucket.contract")
