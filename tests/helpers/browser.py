"""A headless Chromium that is told what to do through a pipe, by the DevTools protocol: no driver, no package."""

import base64
import json
import os
import shutil
import subprocess
import time

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
QUIET = "disable-gpu disable-quic no-first-run disable-background-networking disable-component-update disable-sync"


class Browser:
    """One page. ``requested`` are the addresses that it asked for, ``errors`` what its scripts failed with."""

    def __init__(self, profile, width=1280, height=900):
        # Chromium reads from descriptor 3 and writes to 4.
        theirs_in, self.pen = os.pipe()
        self.ear, theirs_out = os.pipe()
        theirs = [os.fdopen(os.dup(fd), "rb") for fd in (theirs_in, theirs_out)]
        low, high = (file.fileno() for file in theirs)
        shell = f'exec "$0" "$@" 3<&{low} 4>&{high}'
        flags = ["--headless", "--no-sandbox", "--remote-debugging-pipe", *(f"--{flag}" for flag in QUIET.split())]
        self.process = subprocess.Popen(
            ["bash", "-c", shell, CHROMIUM, *flags, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(low, high), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        for file in theirs:
            file.close()
        os.close(theirs_in)
        os.close(theirs_out)
        self.waiting, self.number, self.session = b"", 0, None
        self.requested, self.errors = [], []
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "DOM"):
            self.tell(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.tell("Browser.close")
            self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.pen)
            os.close(self.ear)

    def tell(self, method, **parameters):
        """The answer to a command; what else happens meanwhile is noted."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.pen, json.dumps(message).encode() + b"\0")
        while (heard := self._hear()).get("id") != self.number:
            self._note(heard)
        assert "error" not in heard, f"{method}: {heard['error']}"
        return heard["result"]

    def _hear(self):
        while b"\0" not in self.waiting:
            more = os.read(self.ear, 1 << 16)
            assert more, "the browser is gone"
            self.waiting += more
        message, _, self.waiting = self.waiting.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        what = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requested.append(what["request"]["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(what["exceptionDetails"])

    def resize(self, width, height, dark=False):
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.tell("Emulation.setEmulatedMedia", features=scheme)

    def go(self, address):
        self.tell("Page.navigate", url=address)

    def run(self, script):
        """The value of a JavaScript expression."""
        answer = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script, seconds=60):
        """The value of an expression as soon as it is a true one."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"never came true: {script}\n{self.run('document.body.innerText')}"
            time.sleep(0.1)
        return value

    def click(self, selector, nth=0):
        """A real click in the middle of the ``nth`` of those elements."""
        element = f"document.querySelectorAll({json.dumps(selector)})[{nth}]"
        box = self.run(
            f"(e => {{e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect();"
            f" return [b.x + b.width / 2, b.y + b.height / 2]}})({element})"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.tell("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def upload(self, selector, path):
        """Choose a file in a file field."""
        root = self.tell("DOM.getDocument")["root"]["nodeId"]
        node = self.tell("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.tell("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def shoot(self, path):
        """A picture of the whole page."""
        size = self.tell("Page.getLayoutMetrics")["cssContentSize"]
        shot = self.tell("Page.captureScreenshot", captureBeyondViewport=True, clip={**size, "scale": 1})
        path.write_bytes(base64.b64decode(shot["data"]))
