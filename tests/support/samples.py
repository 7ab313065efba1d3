"""torch's own samples of its operators and modules.

Before each sample torch looks for a unittest on the stack, with inspect.stack(): 40 % of a sweep's
time, for a test that is not there.
"""

from __future__ import annotations

from torch.testing._internal import common_utils
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db
from torch.testing._internal.opinfo import core

__all__ = ["module_db", "op_db"]

for _module in (common_utils, core):
    _module.extract_test_fn = lambda: None
