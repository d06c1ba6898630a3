"""Which program somebody uses, in two words: enough to know one's own sessions, too little to follow anybody."""

from flask import request

BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("SamsungBrowser/", "Samsung Internet"), ("Chrome/", "Chrome"),
            ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
           ("Linux", "Linux"))  # fmt: skip


def family() -> str:
    """The present request's program, such as `Firefox, Linux`; empty where it is none that we know."""
    said = request.headers.get("User-Agent", "")[:300]
    found = [next((name for mark, name in known if mark in said), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name)
