"""python -m tests.architectures [NAME ...]: a line for each architecture, all of them by default.
The exit status is 1 where one differs from stock."""

import os
import sys
import time

os.environ["STOKER_SELECT"] = "always"


def main(names: list[str]) -> int:
    import torch

    from tests.architectures import models, sweep

    failed = 0
    for name in names or models.ARCHITECTURES:
        start = time.process_time()
        try:
            with torch.no_grad():
                text = sweep.text(name, sweep.compare(name))
        except Exception as error:
            text = f"{name}: FAILED: {type(error).__name__}: {error}"
            failed += 1
        print(f"{text}; {time.process_time() - start:.1f} s of CPU", flush=True)
        torch._dynamo.reset()
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
