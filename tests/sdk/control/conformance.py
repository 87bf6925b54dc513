"""The control API against its official clients and against hand-written requests.

    conformance.py GENERATION [DAEMON]

The generations are those of `clients.py`; `wire` writes requests by hand. `DAEMON` says by which
configuration the daemon runs: `daemon` (what is expected), `closed`, `shut` or `locked`. Prints a line
for each group of checks and ends with status 1 when one of them fails.
"""

import importlib
import sys
import traceback

import checks
from checks import KEY, PORT, SECRET
from clients import GENERATIONS
from wire import Wire

GENERATION = sys.argv[1]
DAEMON = sys.argv[2] if len(sys.argv) > 2 else "daemon"
MODULES = {
    "daemon": ["typed", "tables", "lives", "tokens", "believed", "transport", "policies"],
    "closed": ["closed"],
    "shut": ["shut"],
    "locked": ["locked"],
}

for module in MODULES[DAEMON]:
    importlib.import_module(module)
client = {**GENERATIONS, "wire": Wire}[GENERATION](PORT, KEY, SECRET)
failed = 0
for generations, function in checks.registered:
    if GENERATION not in generations:
        continue
    before = checks.compared
    name = f"{GENERATION} {function.__name__}"
    try:
        function(client)
        print(f"{name}: {checks.compared - before} good", flush=True)
    except Exception:
        failed += 1
        print(f"{name}: FAILED", flush=True)
        traceback.print_exc()
print(f"{GENERATION}: {checks.compared} checks")
sys.exit(failed > 0)
