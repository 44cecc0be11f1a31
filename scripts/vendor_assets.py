"""Bring the scripts of others into `api/static/vendor`, for maintainers: `python scripts/vendor_assets.py`.

Assumes npm and the network, but only while it runs: the result is committed, and neither is needed to install or to run
the program. npm checks each package against the hash of its registry; that hash stands in the manifest beside our own.
"""  # noqa: INP001 - `scripts` holds programs for maintainers and is no package

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parents[1] / "api" / "static" / "vendor"
VERSIONS: Final = {"htmx.org": "4.0.1", "echarts": "6.1.0", "esbuild": "0.28.2", "swagger-ui-dist": "5.35.0"}
COPIED: Final = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
    "swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
}
BUNDLE: Final = "echarts.min.js"
BUNDLED: Final = ("echarts", "zrender", "tslib")
ENTRY: Final = """
import { init, registerLocale, use } from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import zh from "echarts/i18n/langZH-obj.js";
use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);
registerLocale("ZH", zh);
export { init };
"""
"""The parts of ECharts that our pages draw with, and no others."""
LICENCES: Final = {
    "htmx.org.LICENSE.txt": "htmx.org/LICENSE",
    "echarts.LICENSE.txt": "echarts/LICENSE",
    "echarts.NOTICE.txt": "echarts/NOTICE",
    "echarts-d3.LICENSE.txt": "echarts/licenses/LICENSE-d3",
    "zrender.LICENSE.txt": "zrender/LICENSE",
    "tslib.LICENSE.txt": "tslib/LICENSE.txt",
    "swagger-ui.LICENSE.txt": "swagger-ui-dist/LICENSE",
    "swagger-ui.NOTICE.txt": "swagger-ui-dist/NOTICE",
}


def vendor(workshop: Path) -> None:
    """Fetch, bundle and write everything from scratch."""
    wanted = [f"{name}@{version}" for name, version in VERSIONS.items()]
    _run(workshop, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *wanted)
    modules = workshop / "node_modules"
    locked = json.loads((workshop / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    (workshop / "entry.js").write_text(ENTRY, encoding="utf-8")
    _run(
        workshop,
        *("npx", "--no-install", "esbuild", "entry.js", "--bundle", "--minify", "--format=iife"),
        *("--global-name=echarts", "--target=es2019", "--charset=utf8", "--legal-comments=none"),
        *('--define:process.env.NODE_ENV="production"', f"--outfile={BUNDLE}"),
    )
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    for name, source in {**COPIED, **LICENCES}.items():
        shutil.copyfile(modules / source, HERE / name)
    shutil.copyfile(workshop / BUNDLE, HERE / BUNDLE)
    (HERE / "manifest.toml").write_text("".join(_manifest(locked)), encoding="utf-8")


def _manifest(locked: Mapping[str, Any]) -> Iterable[str]:
    yield "# Written by scripts/vendor_assets.py: `integrity` is the hash of the package, `sha256` that of the file.\n"
    for name, source in COPIED.items():
        yield _entry("[[file]]", source.split("/")[0], locked, name=name, sha256=_sha256(name))
    with_ = f"esbuild {VERSIONS['esbuild']}"
    yield _entry("[[file]]", BUNDLED[0], locked, name=BUNDLE, sha256=_sha256(BUNDLE), made_with=with_)
    for package in BUNDLED[1:]:
        yield _entry("[[file.contains]]", package, locked)


def _entry(heading: str, package: str, locked: Mapping[str, Any], **more: str) -> str:
    its = locked[f"node_modules/{package}"]
    facts = {
        "package": package,
        "version": its["version"],
        "licence": its["license"],
        "integrity": its["integrity"],
    }
    lines = (f'{key} = "{value}"' for key, value in {**more, **facts}.items())
    return "\n".join(["", heading, *lines, ""])


def _sha256(name: str) -> str:
    return hashlib.sha256((HERE / name).read_bytes()).hexdigest()


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)  # noqa: S603 - our own words


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        vendor(Path(folder))
