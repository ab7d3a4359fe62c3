"""Takes the README's screenshots anew: python tests/end_to_end/screenshots/take.py

Serves the shipped corpus with its models, for itself alone, and drives the system's Chromium.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))

from pages import PATIENCE, PHONE, ask, open_tab, source  # noqa: E402 (they lie beside the tests)
from servers import REPOSITORY, run_roleqa, running  # noqa: E402

WIDE = {"width": 1280, "height": 800}
RANK = "What rank does a defence attach\u00e9 usually hold?"
COMPARISON = "Compare the ranks of a liaison officer and a defence attach\u00e9"
UNANSWERED = "How much is an attach\u00e9 paid?"
QUESTIONS = REPOSITORY / "tests" / "eval" / "questions.jsonl"
# So many documents more that a rebuild of them can be caught at work.
MORE = 30


def shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(1500)  # what moves has come to rest
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file)
    Image.open(file).convert("RGB").quantize(128).save(file, optimize=True)  # a third of the size


def take(page: Page, phone: Page, dark: Page, corpus: Path) -> None:
    expect(ask(page, RANK).locator(".verbatim").first).to_be_visible()
    expect(source(page).locator("mark")).to_be_visible()
    shoot(page, "chat")
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_test_id("bot")).to_have_count(0)
    expect(ask(page, COMPARISON).locator("table")).to_be_visible()
    shoot(page, "comparison")
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_test_id("bot")).to_have_count(0)
    expect(ask(page, UNANSWERED).locator("p.said")).to_be_visible()
    shoot(page, "refusal")
    open_tab(page, "Quality")
    expect(page.locator("#evaluation .cards > div").first).to_be_visible()
    shoot(page, "quality")

    expect(ask(phone, RANK).locator(".verbatim").first).to_be_visible()
    shoot(phone, "phone")
    expect(ask(dark, RANK).locator(".verbatim").first).to_be_visible()
    expect(source(dark).locator("mark")).to_be_visible()
    shoot(dark, "dark")

    text = (corpus / "role-comparison.md").read_text(encoding="utf-8")
    for number in range(1, MORE + 1):
        (corpus / f"edition-{number}.md").write_text(text.replace(" the ", f" the {number} "), encoding="utf-8")
    open_tab(page, "Corpus")
    page.get_by_role("button", name="Rebuild index").click()
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(6000)
    shoot(page, "rebuilding")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        corpus, index = Path(folder, "corpus"), Path(folder, "index")
        shutil.copytree(REPOSITORY / "corpus", corpus)
        run_roleqa("build", "--corpus", corpus, "--index", index)
        run_roleqa("eval", "--questions", QUESTIONS, "--index", index)
        places = ("--corpus", corpus, "--index", index, "--questions", QUESTIONS)
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with running("-m", "roleqa", "serve", *places, "--port", "0") as url:
            looks = ({"viewport": WIDE}, {"viewport": PHONE}, {"viewport": WIDE, "color_scheme": "dark"})
            pages = [chromium.new_page(**look) for look in looks]
            for page in pages:
                page.goto(url)
            take(*pages, corpus)
        chromium.close()


if __name__ == "__main__":
    main()
