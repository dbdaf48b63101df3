"""What every test may use."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sobriety.core.paper import PaperHost

ROOT = Path(__file__).parent.parent
# Any: the driver's stubs leave the arguments of scripts unknown.
Look = Callable[..., Any]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TOOLS = ROOT / ".tools"
MACHINES = Path(__file__).parent / "machines"


# Who is started in the background of a shell ignores Ctrl-C, and so would all that we start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees or touches this user's own settings and data."""
    for name in list(os.environ):
        if name.startswith("SOBRIETY_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("SOBRIETY_HOME", str(folder))
    return folder


@pytest.fixture
def paper() -> Callable[[str], PaperHost]:
    """A recorded machine by its file's name."""

    def read(name: str) -> PaperHost:
        path = MACHINES / f"{name}.txt"
        return PaperHost.parse(path.read_text(encoding="utf-8"), where=path.name)

    return read


@pytest.fixture
def needs() -> Callable[[str], str]:
    """The path of a program from `make deps`. Without it a test skips; in CI that is a failure."""

    def find(program: str) -> str:
        # Debian keeps daemons where not everybody's PATH leads.
        found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
        if found is None:
            message = f"{program} is not installed; run: make deps"
            if os.environ.get("CI") == "true":
                pytest.fail(message)
            pytest.skip(message)
        return found

    return find


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    missing = [p for p in ("chromium", "chromedriver") if shutil.which(p) is None]
    if missing:
        message = f"{' and '.join(missing)} not installed; run: make deps"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    # Here: a test of a collector needs no browser's driver.
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
        "disable-background-networking", "disable-component-update", "disable-sync",
        f"user-data-dir={tmp_path_factory.mktemp('browser')}",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    # Its crash reporter writes into the user's configuration, whatever user-data-dir says.
    environ = os.environ | {"XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config"))}
    service = Service(shutil.which("chromedriver"), env=environ)
    driver: Any = webdriver.Chrome(options, service)
    yield driver
    driver.quit()


@pytest.fixture
def look(browser: Any) -> Look:
    """Open a page at a width, light or dark, with everything folded out."""

    def open_page(page: Path, width_px: int = 1280, dark: bool = False) -> Any:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        size = {"width": width_px, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(page.as_uri())
        browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
        return browser

    return open_page


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script, from `make deps`. Without it a test skips; in CI that is a failure."""
    script = TOOLS / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        message = "axe-core is not installed; run: make deps"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return script.read_text(encoding="utf-8")


@pytest.fixture
def violations(axe: str) -> Callable[[Any], list[tuple[str, list[str]]]]:
    """What axe-core finds wrong in the page that the browser shows: rules and places."""

    def find(page: Any) -> list[tuple[str, list[str]]]:
        page.execute_script(axe)
        result: dict[str, Any] = page.execute_async_script(
            "axe.run(document, {runOnly: arguments[0]}).then(arguments[1])", STANDARDS
        )
        assert len(result["passes"]) > 10
        return [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in result["violations"]]

    return find


@pytest.fixture(scope="session")
def store() -> Iterator[Any]:
    """A real server that speaks S3, and a bucket in it; the environment says where it is, as for
    every tool of that store's."""
    if os.environ.get("CI") != "true":
        pytest.importorskip("s3fs")
        pytest.importorskip("moto.server")
    import s3fs  # pyright: ignore[reportMissingTypeStubs]
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        files: Any = s3fs.S3FileSystem(skip_instance_cache=True)
        files.mkdir("kwh")
        yield files
    server.stop()
