#!/usr/bin/env python3
"""Writes the sample night: four logs of the made-up province Tỉnh Mẫu and their manifest.

    samples/generate.py            write samples/night/
    samples/generate.py --check    exit 1 if samples/night/ is not what this program writes

The same seed gives the same lines on every machine. Python 3.11, standard library only.
"""

import argparse
import gzip
import io
import re
import sys
from pathlib import Path

from night import START, Night
from noise import fill
from province import HOSTS, UNITS
from stories import STORIES

HERE = Path(__file__).resolve().parent
SEED = 20261122
FILES = [
    # name, path, source profile, format, host that sends it, how its lines tell the time
    ("auth", "auth.log.gz", "linux", "syslog", None, "syslog"),
    ("web", "web.log.gz", "web", "combined", "VP-WEB01", "combined"),
    ("firewall", "firewall.log.gz", "firewall", "kv", "FW-TINHMAU", "syslog"),
    ("windows", "windows.ndjson.gz", "windows", "json", None, "EventTime"),
]


def clock(text):
    """RFC 3339 time of a wall clock of the night."""
    hours, minutes = (int(part) for part in text.split(":"))
    day = START.day if hours >= START.hour else START.day + 1
    return START.replace(day=day, hour=hours, minute=minutes).isoformat()


def rule_id(path):
    text = (HERE.parent / "rules" / f"{path}.yml").read_text(encoding="utf-8")
    return re.search(r"^id: (\S+)$", text, re.MULTILINE).group(1)


def manifest(counts):
    out = [
        "# Written by samples/generate.py; change that, not this.", "name: Đêm trực mẫu ở Tỉnh Mẫu",
        "name_en: A sample night in Tỉnh Mẫu", 'zone: "+07:00"', f"date: {START:%Y-%m-%d}",
        f'from: "{START.isoformat()}"', f'to: "{clock("06:00")}"', "drill: true",
        "# time: how a line tells its time. syslog and EventTime carry no zone, syslog no year.",
        "files:"
    ]
    for name, path, source, form, host, time in FILES:
        out += [f"    - path: {path}", f"      source: {source}", f"      format: {form}"]
        if host:
            out += [f"      host: {host}", f"      unit: {HOSTS[host].unit}"]
        out += [f"      time: {time}", f"      lines: {counts[name]}"]
    out.append("units:")
    for unit, (vi, en) in UNITS.items():
        out += [f"    - id: {unit}", f"      name: {vi}", f"      name_en: {en}"]
    out.append("hosts:")
    for host in HOSTS.values():
        out += [
            f"    - {{name: {host.name}, unit: {host.unit}, address: {host.ip}, kind: {host.kind}}}"
        ]
    out.append("stories:")
    for story in STORIES:
        out += [
            f"    - id: {story.id}", f"      title_vi: {story.title_vi}",
            f"      title_en: {story.title_en}", f'      from: "{clock(story.begin)}"',
            f'      to: "{clock(story.end)}"', "      rules:"
        ]
        out += [f"          - {rule_id(rule)}  # {rule}" for rule in story.rules]
    return "\n".join(out) + "\n"


def squeeze(text):
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as file:
        file.write(text)
    return buffer.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--out", type=Path, default=HERE / "night",
                        help="folder (default: %(default)s)")
    options = parser.parse_args()

    night = Night(SEED)
    fill(night)
    for story in STORIES:
        story.play(night)

    wanted, counts = {}, {}
    for name, path, *_ in FILES:
        lines = night.lines(name)
        counts[name] = len(lines)
        wanted[path] = ("\n".join(lines) + "\n").encode()
    wanted["night.yaml"] = manifest(counts).encode()

    stale = []
    options.out.mkdir(parents=True, exist_ok=True)
    for path, text in wanted.items():
        target = options.out / path
        packed = path.endswith(".gz")
        if options.check:
            there = target.read_bytes() if target.exists() else b""
            if (gzip.decompress(there) if packed and there else there) != text:
                stale.append(path)
        else:
            target.write_bytes(squeeze(text) if packed else text)
    if stale:
        sys.exit(f"not what generate.py writes: {', '.join(stale)}; run samples/generate.py")
    print(", ".join(f"{name} {count}" for name, count in counts.items()),
          f"= {sum(counts.values())} lines")


if __name__ == "__main__":
    main()
