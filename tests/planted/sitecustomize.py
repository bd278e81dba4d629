"""Plants one bug in this process: Python imports this module at its start, before anything of ours.

It is found through PYTHONPATH, so what a test starts has the bug as well.
"""

import importlib
import os
import sys
import traceback

try:
    importlib.import_module(os.environ["PLANTED"])
except BaseException:  # noqa: BLE001 - Python would go on without the bug, and the guard would look blind
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(70)
