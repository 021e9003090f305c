"""The page in a real browser; skipped where there is no Chromium with its driver."""

import json
import shutil
import threading
import time

import pytest
import uvicorn

from isnad import LABELS, Classifier
from isnad.serve.app import create_app

webdriver = pytest.importorskip("selenium.webdriver")
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver")

ATTACK = "وقال <img src=x onerror=alert(1)> 🙂 نعم."
ARTICLE = f"عنوان الخبر\n{ATTACK} ونفت الوزارة علمها بالأمر.\nوأضاف: «لن نتراجع»."


@pytest.fixture(scope="module")
def url(tiny_artifact):
    app = create_app(Classifier(tiny_artifact), max_queue=50, max_wait=60, max_length=3000)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def driver():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for switch in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "lang=ar"):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER)) as driver:
        yield driver


@pytest.fixture
def page(driver, url):
    driver.get(url)
    driver.get_log("browser")
    return driver


def find(page, selector):
    return page.find_elements("css selector", selector)


def annotate(page, text):
    (field,) = find(page, "#text")
    page.execute_script("arguments[0].value = arguments[1]", field, text)  # the driver cannot type 🙂
    find(page, "button[type=submit]")[0].click()
    deadline = time.monotonic() + 20
    while not find(page, "#article [tabindex]") and "error" not in find(page, "#message")[0].get_attribute("class"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return find(page, "#article [tabindex]")


def test_an_article_is_shown_annotated(page, tiny_artifact):
    spans = annotate(page, ARTICLE)
    expected = Classifier(tiny_artifact).annotate(ARTICLE)
    shown = [page.execute_script("return arguments[0].firstChild.data", span) for span in spans]
    assert shown == [s.text for s in expected]
    assert [span.get_attribute("class") for span in spans] == [s.label.value for s in expected]
    assert len(find(page, "#article p")) == 3
    assert page.execute_script("return getComputedStyle(document.body).direction") == "rtl"
    legend = [item.text for item in find(page, "#legend li")]
    assert legend == [f"{label.arabic} ({sum(s.label is label for s in expected)})" for label in LABELS]


def test_text_is_never_markup(page):
    annotate(page, ARTICLE)
    assert not find(page, "#article img")
    assert "<img" in find(page, "#article")[0].text
    assert not [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"]


def test_probabilities_by_keyboard_pointer_and_tap(page, tiny_artifact):
    expected = [s.label.arabic for s in Classifier(tiny_artifact).annotate(ARTICLE)]
    spans = annotate(page, ARTICLE)

    def told():
        return [term.text for term in find(page, "#details .best")][::2]

    assert told() == []
    find(page, "#example")[0].send_keys(Keys.TAB)  # on to the first sentence
    for span, label in zip(spans, expected, strict=True):
        assert page.switch_to.active_element == span
        assert told() == [label]
        span.send_keys(Keys.ARROW_LEFT)  # onwards in Arabic
    assert [term.text for term in find(page, "#details dt")] == [label.arabic for label in LABELS]
    spans[-1].send_keys(Keys.ESCAPE)
    assert told() == []
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", spans[0])
    webdriver.ActionChains(page).move_to_element(spans[0]).perform()
    assert told() == [expected[0]]
    spans[1].click()
    assert told() == [expected[1]]
    assert find(page, "#article .shown") == [spans[1]]


def test_problems_are_told(page):
    annotate(page, "ا" * 3001)
    assert "3001" in find(page, "#message.error")[0].text
    assert annotate(page, "نعم.")
    assert not find(page, "#message.error")


@pytest.mark.parametrize("width", [400, 1200])
def test_it_fits_the_width(page, width):
    page.set_window_size(width, 900)
    annotate(page, ARTICLE + " " + "ا" * 500)
    assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert find(page, "button[type=submit]")[0].size["height"] >= 40  # a finger's


def test_it_asks_no_other_machine(page, url):
    page.get_log("performance")
    page.get(url)
    annotate(page, ARTICLE)
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}
    assert {f"{url}/", f"{url}/page.js", f"{url}/page.css", f"{url}/annotate"} <= asked
    assert all(address.startswith((url, "data:")) for address in asked)
