"""What every page of results has."""

import json
import os
import statistics


def write(raw, page, folder):
    """Writes the raw measurements to results.json and the page to RESULTS.md."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump(raw, file, indent=1)
        file.write("\n")
    with open(os.path.join(folder, "RESULTS.md"), "w", encoding="utf-8") as file:
        file.write(page)


def spread(found, places=0):
    """The median, with the least and the greatest where they differ."""
    shown = lambda value: f"{value:,.{places}f}"
    middle = shown(statistics.median(found))
    return middle if len(found) == 1 else f"{middle} ({shown(min(found))} to {shown(max(found))})"
