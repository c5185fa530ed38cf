"""Writes the part of the documented contract that the tests need, one file for each family of methods.

    python extract.py methods.must.json user department ...

``methods.must.json`` describes, by method, what the public documentation says (MIT, at
github.com/bitrix24/b24restdocs, commit 5988ed130d13802764a555edbfe12d0fc81e7d7a): module, scopes,
parameters, the skeleton of the example answer, errors. What is kept of a family stands beside this script.
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def kept(method: dict[str, Any]) -> dict[str, Any]:
    """Return what the tests look at."""
    return {
        "scopes": [s for s in method["scope"] if s != "basic"],  # basic ones need none
        "paged": method["paged"],
        "parameters": [p["name"] for p in method["params"]],
        "result": method["returns"].get("result"),
        "errors": [
            {"code": e.get("code", ""), "text": e.get("text", "")} for e in method["errors"]
        ],
    }


def main() -> None:
    """Write the files of the families named on the command line."""
    methods = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for family in sys.argv[2:]:
        found = {n: kept(m) for n, m in sorted(methods.items()) if m["module"] == family}
        text = json.dumps(found, ensure_ascii=False, indent=1)
        (HERE / f"{family}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
