"""Time from a slider of the explorer to its new picture, measured in the page: the median of 30 presses of a key.

python benchmarks/explorer.py model=infogan data=mnist
python benchmarks/explorer.py model=dcgan data=shapes data.size=64
"""

import shutil
import statistics
import sys
from pathlib import Path

import torch
import yaml
from omegaconf import OmegaConf
from playwright.sync_api import sync_playwright

from genzoo.api import configured
from genzoo.app.explored import Explored
from genzoo.app.page import page
from genzoo.app.server import HOST, free_port, serve
from genzoo.runs.build import build_data, build_module

PRESSES = 30
#: moves a slider by a key and waits until the address of the picture is another one
PRESS = """(key) => new Promise((done) => {
    const image = document.querySelector("#decoded img"), slider = document.querySelectorAll("input[type=range]")[0];
    const before = image.src, begun = performance.now();
    new MutationObserver((_, observer) => {
        const now = document.querySelector("#decoded img");
        if (now.src === before) return;
        observer.disconnect();
        now.decode().then(() => done(performance.now() - begun));
    }).observe(document.querySelector("#decoded"), {subtree: true, childList: true, attributes: true});
    slider.value = Number(slider.value) + key * Number(slider.step);
    slider.dispatchEvent(new Event("input", {bubbles: true}));
})"""


def main() -> None:
    given = {key: yaml.safe_load(value) for key, value in (one.split("=", 1) for one in sys.argv[1:])}
    with configured(given) as cfg:
        config = OmegaConf.to_container(cfg, resolve=True)
    blocks, port = page([Explored(build_module(config).eval(), build_data(config), "a model", Path())]), free_port(None)
    serve(blocks, port, prevent_thread_lock=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        shown = browser.new_page()
        shown.goto(f"http://{HOST}:{port}")
        shown.get_by_role("tab", name="Codes", exact=True).click()
        shown.locator("#decoded img").wait_for()
        times = [shown.evaluate(PRESS, 1 if i % 2 else -1) for i in range(PRESSES + 3)][3:]
        browser.close()
    blocks.close(verbose=False)
    print(f"median {statistics.median(times):.0f} ms, {min(times):.0f} to {max(times):.0f} ms")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
