"""Tỉnh Mẫu: a made-up province. Units, machines, people and the addresses that all others use.

Every address is from the documentation ranges (RFC 5737, RFC 3849) and every name ends in
.example, so nothing here can point at a real system.
"""

from dataclasses import dataclass

UNITS = {
    "van-phong": ("Văn phòng tỉnh", "Provincial office"),
    "so-y-te": ("Sở Y tế", "Department of Health"),
    "so-tai-chinh": ("Sở Tài chính", "Department of Finance"),
    "trung-tam-du-lieu": ("Trung tâm dữ liệu", "Data centre"),
    "benh-vien-tinh": ("Bệnh viện tỉnh", "Provincial hospital"),
    "xa-mau-07": ("Xã Mẫu 07", "Commune Mẫu 07"),
}


@dataclass(frozen=True)
class Host:
    name: str
    ip: str
    unit: str
    kind: str  # linux, windows-server, windows-pc, device
    users: tuple = ()
    night: bool = False  # somebody works at it all night


def _hosts():
    fixed = [
        Host("FW-TINHMAU", "192.0.2.1", "trung-tam-du-lieu", "device"),
        Host("TTDL-DC01", "192.0.2.5", "trung-tam-du-lieu", "windows-server"),
        Host("TTDL-JUMP01", "192.0.2.8", "trung-tam-du-lieu", "linux"),
        Host("TTDL-BK01", "192.0.2.9", "trung-tam-du-lieu", "linux"),
        Host("TTDL-MAIL01", "192.0.2.25", "trung-tam-du-lieu", "linux"),
        Host("TTDL-PC01", "192.0.2.101", "trung-tam-du-lieu", "windows-pc", ("quantri", ), True),
        Host("TTDL-PC02", "192.0.2.102", "trung-tam-du-lieu", "windows-pc", ("quantri02", )),
        Host("VP-WEB01", "192.0.2.10", "van-phong", "linux"),
        Host("VP-APP01", "192.0.2.11", "van-phong", "linux"),
        Host("STC-DC01", "192.0.2.15", "so-tai-chinh", "windows-server"),
        Host("STC-FS01", "192.0.2.16", "so-tai-chinh", "windows-server"),
        Host("STC-APP01", "192.0.2.17", "so-tai-chinh", "linux"),
        Host("SYT-FS01", "192.0.2.20", "so-y-te", "windows-server"),
        Host("SYT-APP01", "192.0.2.21", "so-y-te", "linux"),
        Host("BVT-DB01", "192.0.2.30", "benh-vien-tinh", "linux"),
        Host("BVT-PACS01", "192.0.2.31", "benh-vien-tinh", "windows-server"),
    ]
    pcs = [
        ("VP-PC%02d", 41, "van-phong", ("vanthu", "giamdoc", "vanthu02", "tochuc01"), (4, )),
        ("STC-PC%02d", 51, "so-tai-chinh", ("ketoan01", "ketoan02", "ketoan03", "ketoan04"), ()),
        ("SYT-PC%02d", 61, "so-y-te", ("vanthu03", "canbo01", "canbo02", "canbo03"), ()),
        ("BVT-PC%02d", 71, "benh-vien-tinh", ("bacsi01", "dieuduong01", "capcuu01", "duoc01",
                                              "xetnghiem01", "thungan01"), (2, 3, 6)),
        ("XM07-PC%02d", 91, "xa-mau-07", ("canbo07a", "canbo07b", "canbo07c"), (3, )),
    ]
    for pattern, first, unit, users, night in pcs:
        for i, user in enumerate(users, start=1):
            fixed.append(
                Host(pattern % i, f"192.0.2.{first + i - 1}", unit, "windows-pc", (user, ), i
                     in night))
    return {host.name: host for host in fixed}


HOSTS = _hosts()
LINUX = [h for h in HOSTS.values() if h.kind == "linux"]
SERVERS = [h for h in HOSTS.values() if h.kind == "windows-server"]
PCS = [h for h in HOSTS.values() if h.kind == "windows-pc"]

DOMAIN = {
    "van-phong": "VP", "so-y-te": "SYT", "so-tai-chinh": "STC", "trung-tam-du-lieu": "TTDL",
    "benh-vien-tinh": "BVT", "xa-mau-07": "XM07"
}

# Addresses of the stories. The noise never uses them.
SCANNER = "198.51.100.77"
SPRAYER = "203.0.113.45"
SHELL_USER = "198.51.100.130"
REMOTE_DESKTOP = "203.0.113.66"
GUESSER = "203.0.113.88"
ROOT_THIEF = "203.0.113.120"
FIREWALL_GUESSER = "198.51.100.201"
COMMAND = "203.0.113.200"
DROP = "203.0.113.201"
STORY_ADDRESSES = {
    SCANNER, SPRAYER, SHELL_USER, REMOTE_DESKTOP, GUESSER, ROOT_THIEF, FIREWALL_GUESSER, COMMAND,
    DROP
}

_FREE = [
    ip for net in ("198.51.100", "203.0.113") for ip in (f"{net}.{i}" for i in range(2, 254))
    if ip not in STORY_ADDRESSES
]
VISITORS = _FREE[0:140] + _FREE[252:380]
KNOCKERS = _FREE[140:232] + _FREE[380:470]
SERVICES = _FREE[470:490]  # web services that people and machines use
CRAWLERS = _FREE[232:238]
VISITORS6 = [
    f"2001:db8:{a:x}:{b:x}::{c:x}" for a, b, c in ((17 + i, 3 * i + 1, 40 + 7 * i)
                                                   for i in range(40))
]

SITES = [
    "mail.tinhmau.example", "vanban.tinhmau.example", "baochi.example", "thoitiet.example",
    "cdn.baochi.example", "capnhat.example", "hop-truc-tuyen.example", "ban-do.example",
    "tro-chuyen.example", "luu-tru.example"
]
