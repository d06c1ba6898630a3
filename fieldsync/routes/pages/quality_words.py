"""The words of the quality pages for rules and their thresholds."""

from fieldsync.routes.pages.speech import Words, _l

RULES: dict[str, tuple[str, Words, Words]] = {
    "filled_too_fast": (
        "clock",
        _l("Filled too fast"),
        _l("From start to end in much less time than this form usually takes here."),
    ),
    "filled_at_night": ("moon", _l("At night"), _l("Opened between the two hours, by Moroccan time.")),
    "far_from_place": (
        "pin",
        _l("Far from the place"),
        _l("Outside the imported outline of its place; without one, far from where its forms are filled."),
    ),
    "same_answers": (
        "copy",
        _l("Same answers again"),
        _l("Nearly the same answers as several earlier submissions of this form from the same phone."),
    ),
    "far_from_usual": (
        "gauge",
        _l("Unusual number"),
        _l("A number very far from the median of this question. Personal answers are not looked at."),
    ),
    "clock_far_off": ("phone", _l("Clock far off"), _l("The phone's clock differed from the server's when it sent.")),
    "many_at_one_point": (
        "people",
        _l("Many at one point"),
        _l("Many submissions of this form from the same phone within some 25 metres."),
    ),
}
"""Icon, name and explanation of each rule of core.quality."""

THRESHOLDS: dict[str, Words] = {
    "deviations": _l("Distance from the median (deviations)"),
    "percent": _l("Share (%)"),
    "sample": _l("Least number to compare with"),
    "from_hour": _l("From this hour"),
    "to_hour": _l("Until this hour"),
    "clock_minutes": _l("Not when the clock is off by (minutes)"),
    "kilometres": _l("Distance from the middle (km)"),
    "outline_kilometres": _l("Distance from the outline (km)"),
    "count": _l("From so many on"),
    "answers": _l("Least number of answers"),
    "minutes": _l("Difference (minutes)"),
}

PERIODS: dict[str, Words] = {
    "7": _l("7 days"),
    "30": _l("30 days"),
    "90": _l("90 days"),
    "365": _l("12 months"),
    "all": _l("Since the beginning"),
}
"""Days before now, by what the address says."""
