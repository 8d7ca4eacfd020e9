"""Ordinary life of the night. Nothing in here may make a rule fire."""

import math

from night import DEFENDER, POWERSHELL, SECONDS, SYSMON, at
from province import (CRAWLERS, DOMAIN, HOSTS, KNOCKERS, LINUX, PCS, SERVERS, SERVICES, SITES,
                      VISITORS, VISITORS6)

WINDOWS = "C:\\Windows\\System32\\"
EXPLORER = "C:\\Windows\\explorer.exe"
CHROME = "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    "Mozilla/5.0 (Linux; Android 14; SM-A556E) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
]
CRAWLER = "Mozilla/5.0 (compatible; TimKiemBot/2.1; +https://timkiem.example/bot.html)"
PAGES = [
    "/", "/tin-tuc", "/gioi-thieu", "/thu-tuc-hanh-chinh", "/van-ban", "/lich-tiep-cong-dan",
    "/hoi-dap", "/thong-bao", "/lien-he", "/so-do-cong"
]
ARTICLES = [
    "/tin-tuc/%d/hop-giao-ban-thang", "/tin-tuc/%d/tiem-chung-mo-rong",
    "/tin-tuc/%d/cai-cach-hanh-chinh", "/van-ban/%d/quyet-dinh-ubnd", "/thong-bao/%d/lich-cat-dien",
    "/thu-tuc-hanh-chinh/%d/cap-giay-phep-xay-dung", "/tin-tuc/%d/canh-bao-lua-dao-qua-mang"
]
ASSETS = [
    "/assets/app.css", "/assets/app.js", "/assets/logo.svg", "/assets/icons.woff2",
    "/uploads/2026/11/anh-hop-giao-ban.jpg", "/uploads/2026/11/anh-bia.jpg", "/assets/banner.webp"
]
SEARCHES = [
    "thu+tuc+dat+dai", "lich+tiep+dan", "ho+khau", "dang+ky+ket+hon", "bao+hiem+y+te",
    "tuyen+dung+vien+chuc", "gi%E1%BA%A5y+ph%C3%A9p+l%C3%A1i+xe"
]


def evening(t):
    """How awake the province is: busy until ten, asleep at three, up again from five."""
    hour = 18 + t / 3600
    late = 0.06 + 0.94 / (1 + math.exp((hour - 22.3) * 1.7))
    early = 0.5 / (1 + math.exp((29.4 - hour) * 3))
    return min(1.0, late + early)


def moments(night, each_hour, shape=evening):
    """Random moments, on average `each_hour` in an hour where the shape is one."""
    t = 0.0
    while True:
        t += night.chance.expovariate(each_hour / 3600)
        if t >= SECONDS:
            return
        if night.chance.random() < shape(t):
            yield t


def always(_):
    return 1.0


# -- auth.log


def cron(night):
    for i, host in enumerate(LINUX):
        every = 600 if host.name in ("VP-WEB01", "TTDL-MAIL01", "STC-APP01") else 1200
        for t in range(17 + 7 * i, SECONDS, every):
            pid = night.pid()
            night.auth(t, host.name, "CRON", "pam_unix(cron:session): session opened for user "
                       "root(uid=0) by (uid=0)", pid)
            night.auth(t + night.chance.randint(0, 4), host.name, "CRON",
                       "pam_unix(cron:session): session closed for user root", pid)


def backup(night):
    for t in range(at("19:30"), SECONDS, 3600):
        for i, host in enumerate(LINUX):
            if host.name != "TTDL-BK01":
                night.ssh_session(t + 70 * i, host.name, "saoluu", HOSTS["TTDL-BK01"].ip,
                                  "publickey", night.chance.randint(20, 65))
                night.traffic(t + 70 * i, HOSTS["TTDL-BK01"].ip, host.ip, 22, "SSH",
                              sent=night.chance.randint(40000, 90000),
                              received=night.chance.randint(4 << 20, 60 << 20), seconds=60)


def administrators(night):
    work = [
        "/usr/bin/systemctl status nginx", "/usr/bin/systemctl reload nginx", "/usr/bin/apt update",
        "/usr/bin/journalctl -u nginx --since today", "/usr/bin/tail -n 100 /var/log/syslog",
        "/usr/bin/df -h", "/usr/bin/docker ps", "/usr/bin/less /var/log/auth.log",
        "/usr/bin/systemctl restart rsyslog", "/usr/bin/du -sh /var/lib/mysql"
    ]
    for t in moments(night, 9):
        host = night.chance.choice(LINUX)
        pc = night.chance.choice(["TTDL-PC01", "TTDL-PC02"])
        user = HOSTS[pc].users[0]
        if night.chance.random() < 0.2:
            night.ssh_failure(t - 20, host.name, user, HOSTS[pc].ip, True)
        night.ssh_session(t, host.name, user, HOSTS[pc].ip,
                          night.chance.choice(["publickey", "publickey", "password"]),
                          night.chance.randint(120, 1500))
        night.traffic(t, HOSTS[pc].ip, host.ip, 22, "SSH")
        for _ in range(night.chance.randint(0, 4)):
            night.sudo(t + night.chance.randint(15, 110), host.name, user,
                       night.chance.choice(work))


def knocks_at_ssh(night):
    names = [
        "admin", "test", "ubuntu", "user", "oracle", "git", "pi", "guest", "ftpuser", "support"
    ]
    for t in moments(night, 16, always):
        ip, host = night.chance.choice(KNOCKERS), "TTDL-JUMP01"
        if night.chance.random() < 0.35:
            night.auth(t, host, "sshd", f"Connection closed by {ip} port {night.port()} [preauth]",
                       night.pid())
        elif night.chance.random() < 0.3:
            night.auth(t, host, "sshd", "error: kex_exchange_identification: Connection closed by "
                       "remote host", night.pid())
        else:
            name = night.chance.choice(names + ["root"])
            night.ssh_failure(t, host, name, ip, name == "root")


# -- web.log


def visit(night, t, ip, agent):
    chance, referrer = night.chance, chance_referrer(night)
    for _ in range(chance.randint(1, 4)):
        kind = chance.random()
        if kind < 0.35:
            path = chance.choice(PAGES)
        elif kind < 0.9:
            path = chance.choice(ARTICLES) % chance.randint(1000, 1800)
        else:
            path = f"/tim-kiem?q={chance.choice(SEARCHES)}&page={chance.randint(1, 3)}"
        night.web(t, ip, path, 200, chance.randint(9000, 42000), agent, referrer)
        referrer = f"https://tinhmau.example{path.split('?')[0]}"
        for asset in chance.sample(ASSETS, chance.randint(1, 4)):
            known = chance.random() < 0.45
            night.web(t + chance.randint(0, 2), ip, asset, 304 if known else 200,
                      0 if known else chance.randint(1800, 160000), agent, referrer)
        if chance.random() < 0.02:
            night.web(t + 1, ip, chance.choice(["/favicon-32.png", "/tin-tuc/cu", "/rss.xml"]), 404,
                      548, agent, referrer)
        t += chance.randint(8, 90)
    if chance.random() < 0.06:
        night.web(t, ip, "/dich-vu-cong/dang-nhap", 200, 8120, agent, referrer)
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            t += chance.randint(9, 25)
            night.web(t, ip, "/dich-vu-cong/dang-nhap", 401, 1240, agent, referrer, method="POST")
        night.web(t + 14, ip, "/dich-vu-cong/dang-nhap", 302, 0, agent, referrer, method="POST")
        night.web(t + 15, ip, "/dich-vu-cong/ho-so", 200, 22110, agent, referrer)


def chance_referrer(night):
    return night.chance.choice(["-", "-", "https://timkiem.example/", "https://baochi.example/"])


def visitors(night):
    for t in moments(night, 165):
        ip = night.chance.choice(VISITORS if night.chance.random() < 0.85 else VISITORS6)
        visit(night, t, ip, night.chance.choice(AGENTS))


def crawlers(night):
    for t in moments(night, 60, always):
        page = night.chance.choice(["/robots.txt", "/sitemap.xml", *PAGES] +
                                   [a % night.chance.randint(1000, 1800) for a in ARTICLES])
        night.web(t, night.chance.choice(CRAWLERS), page, 200, night.chance.randint(300, 30000),
                  CRAWLER)


def health(night):
    for t in range(5, SECONDS, 60):
        night.web(t, HOSTS["TTDL-JUMP01"].ip, "/suc-khoe", 200, 17, "kiem-tra-dich-vu/1.4")


def stray_requests(night):
    for t in moments(night, 5, always):
        night.web(
            t, night.chance.choice(KNOCKERS),
            night.chance.choice(
                ["/wp-login.php", "/.env", "/phpmyadmin/", "/admin/", "/login.asp",
                 "/.git/config"]), 404, 548, night.chance.choice(AGENTS))


# -- firewall.log


def offices(night):
    for t in moments(night, 520):
        pc = night.chance.choice([p for p in PCS if p.night or evening(t) > 0.5] or PCS)
        site, port = night.chance.choice(SERVICES), night.chance.choice([443] * 9 + [80])
        night.traffic(t, pc.ip, site, port, "HTTPS" if port == 443 else "HTTP",
                      action=night.chance.choice(["close", "close", "accept", "timeout"]))
        if night.chance.random() < 0.2:
            night.firewall(
                t, 'logid="0317013312" type="utm" subtype="webfilter" '
                'eventtype="ftgd_allow" level="notice" '
                f"srcip={pc.ip} srcport={night.port()} dstip={site} dstport={port} proto=6 "
                f'service="HTTPS" hostname="{night.chance.choice(SITES)}" '
                'action="passthrough" url="/" catdesc="Government and Legal Organizations"')


def hospital(night):
    inner = [h for h in PCS if h.unit == "benh-vien-tinh"]
    for t in moments(night, 150, always):
        pc = night.chance.choice(inner)
        if night.chance.random() < 0.7:
            night.traffic(t, pc.ip, HOSTS["BVT-DB01"].ip, 5432, "PostgreSQL", "accept")
        else:
            night.traffic(t, pc.ip, HOSTS["BVT-PACS01"].ip, 104, "DICOM", "accept",
                          sent=night.chance.randint(4000, 90000),
                          received=night.chance.randint(1 << 20, 40 << 20))


def names(night):
    resolver = HOSTS["TTDL-DC01"].ip
    for t in moments(night, 210):
        asker = night.chance.choice(PCS + SERVERS + LINUX)
        if asker.ip != resolver:
            night.traffic(t, asker.ip, resolver, 53, "DNS", "accept", 17,
                          night.chance.randint(60, 90), night.chance.randint(90, 300), 1)
    for t in moments(night, 110, always):
        night.traffic(t, resolver, SERVICES[0], 53, "DNS", "accept", 17,
                      night.chance.randint(60, 90), night.chance.randint(90, 400), 1)


def machines(night):
    mail = HOSTS["TTDL-MAIL01"].ip
    for t in moments(night, 22):
        night.traffic(t, mail, night.chance.choice(SERVICES), 25, "SMTP",
                      sent=night.chance.randint(4000, 600000), received=1400)
        night.traffic(t + 40, night.chance.choice(SERVICES), mail, 25, "SMTP", "accept")
    for t in range(40, SECONDS, 300):
        for host in (HOSTS["VP-WEB01"], HOSTS["SYT-FS01"], HOSTS["STC-DC01"]):
            night.traffic(t, host.ip, SERVICES[1], 123, "NTP", "accept", 17, 76, 76, 1)
    for t in moments(night, 14, always):
        night.traffic(t,
                      night.chance.choice(SERVERS).ip, SERVICES[2], 443, "HTTPS", sent=9000,
                      received=night.chance.randint(1 << 16, 8 << 20))


def web_sessions(night):
    for t in moments(night, 200):
        night.traffic(t, night.chance.choice(VISITORS), HOSTS["VP-WEB01"].ip, 443, "HTTPS",
                      "accept")


def knocks_at_firewall(night):
    doors = [(23, "TELNET"), (22, "SSH"), (3389, "RDP"),
             (445, "SMB"), (5060, "SIP"), (8080, "HTTP"), (1433, "MS-SQL"), (6379, "tcp/6379"),
             (2323, "tcp/2323"), (81, "tcp/81"), (9200, "tcp/9200")]
    targets = [h.ip for h in HOSTS.values() if h.kind != "windows-pc"]
    for t in moments(night, 190, always):
        port, service = night.chance.choice(doors)
        night.traffic(t, night.chance.choice(KNOCKERS), night.chance.choice(targets), port, service,
                      "deny")


# -- windows.ndjson


def file_servers(night):
    for t in moments(night, 105):
        pc = night.chance.choice([p for p in PCS if p.night or evening(t) > 0.4] or PCS)
        server = night.chance.choice(SERVERS)
        name, domain = (pc.users[0], DOMAIN[pc.unit]) if night.chance.random() < 0.6 else \
            (pc.name + "$", "TINHMAU")
        night.logon(t, server.name, 4624, name, domain, 3, pc.ip, pc.name)
        if night.chance.random() < 0.7:
            night.logon(t + night.chance.randint(5, 240), server.name, 4634, name, domain, 3)
        if night.chance.random() < 0.03:
            night.logon(t - 15, server.name, 4625, pc.users[0], domain, 3, pc.ip, pc.name,
                        Status="0xc000006d", SubStatus="0xc000006a")


def domain(night):
    for t in moments(night, 70):
        pc = night.chance.choice(PCS)
        night.windows(t, "TTDL-DC01", "Security", 4769, TargetUserName=f"{pc.users[0]}@TINHMAU",
                      ServiceName=night.chance.choice(SERVERS).name + "$", Status="0x0",
                      IpAddress=f"::ffff:{pc.ip}", IpPort=str(night.port()),
                      EventType="AUDIT_SUCCESS", Message="A Kerberos service ticket was requested.")
        if night.chance.random() < 0.03:
            night.windows(t - 30, "TTDL-DC01", "Security", 4771, TargetUserName=pc.users[0],
                          ServiceName="krbtgt/TINHMAU", Status="0x18", PreAuthType="2",
                          IpAddress=f"::ffff:{pc.ip}", IpPort=str(night.port()),
                          EventType="AUDIT_FAILURE", Message="Kerberos pre-authentication failed.")


def services(night):
    tasks = [(WINDOWS + "svchost.exe",
              "C:\\Windows\\System32\\svchost.exe -k netsvcs -p -s Schedule"),
             (WINDOWS + "taskhostw.exe", "taskhostw.exe"),
             (WINDOWS + "sppsvc.exe", "C:\\Windows\\System32\\sppsvc.exe"),
             (WINDOWS + "wbem\\WmiPrvSE.exe", "C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured"),
             (WINDOWS + "gpupdate.exe", "gpupdate.exe /target:computer"),
             (WINDOWS + "MusNotification.exe", "MusNotification.exe Display"),
             ("C:\\Program Files\\Windows Defender\\MpCmdRun.exe",
              "MpCmdRun.exe SignatureUpdate -ScheduleJob -RestrictPrivileges")]
    for t in moments(night, 130, always):
        host = night.chance.choice(SERVERS + [p for p in PCS if p.night or evening(t) > 0.5])
        kind = night.chance.random()
        if kind < 0.55:
            image, command = night.chance.choice(tasks)
            night.process(t, host.name, "NT AUTHORITY\\SYSTEM", image, command,
                          WINDOWS + "services.exe", level="System")
        elif kind < 0.72:
            night.windows(
                t, host.name, "System", 7036, param1=night.chance.choice([
                    "Windows Update", "Background Intelligent Transfer Service",
                    "Software Protection", "WMI Performance Adapter"
                ]), param2=night.chance.choice(["running", "stopped"]), EventType="INFO")
        elif kind < 0.9:
            night.windows(t, host.name, SYSMON, 10, SourceImage=WINDOWS + "svchost.exe",
                          TargetImage=WINDOWS + "lsass.exe", GrantedAccess="0x1000",
                          SourceUser="NT AUTHORITY\\SYSTEM", TargetUser="NT AUTHORITY\\SYSTEM")
        else:
            night.windows(t, host.name, DEFENDER, night.chance.choice([1150, 1000, 1001, 2000]),
                          ProductName="Microsoft Defender Antivirus", EventType="INFO")
    for host in SERVERS:
        for t in range(1800 + 40 * SERVERS.index(host), SECONDS, 7200):
            command = "powershell.exe -NoProfile -File C:\\QuanTri\\kiem-tra-dia.ps1"
            night.process(t, host.name, "NT AUTHORITY\\SYSTEM",
                          WINDOWS + "WindowsPowerShell\\v1.0\\powershell.exe", command,
                          WINDOWS + "svchost.exe", level="System")
            night.windows(
                t + 1, host.name, POWERSHELL, 4104, ScriptBlockText="Get-Volume | Where-"
                "Object DriveType -eq Fixed | Select-Object DriveLetter, SizeRemaining",
                Path="C:\\QuanTri\\kiem-tra-dia.ps1", EventType="VERBOSE")


def desks(night):
    office = "C:\\Program Files\\Microsoft Office\\root\\Office16\\"
    papers = {
        "WINWORD.EXE": ["Bao-cao-tuan.docx", "Du-thao-quyet-dinh.docx", "To-trinh.docx"],
        "EXCEL.EXE": ["Bang-luong.xlsx", "Lich-truc-thang-11.xlsx", "Kiem-ke.xlsx"]
    }
    for t in moments(night, 190):
        pc = night.chance.choice([p for p in PCS if p.night or evening(t) > 0.5] or PCS)
        user = f"{DOMAIN[pc.unit]}\\{pc.users[0]}"
        home = f"C:\\Users\\{pc.users[0]}"
        kind = night.chance.random()
        if kind < 0.3:
            night.process(t, pc.name, user, CHROME, f'"{CHROME}" --type=renderer', CHROME)
        elif kind < 0.42:
            program = night.chance.choice(list(papers))
            paper = night.chance.choice(papers[program])
            night.process(t, pc.name, user, office + program,
                          f'"{office}{program}" /n "{home}\\Documents\\{paper}"', EXPLORER)
            if night.chance.random() < 0.4:
                night.process(t + 60, pc.name, user, "C:\\Windows\\splwow64.exe",
                              "splwow64.exe 12288", office + program)
        elif kind < 0.5:
            chat = home + "\\AppData\\Local\\Programs\\TroChuyen\\TroChuyen.exe"
            night.process(t, pc.name, user, chat, f'"{chat}" --startup', EXPLORER)
        elif kind < 0.72:
            night.windows(t, pc.name, SYSMON, 22, Image=CHROME, User=user, QueryStatus="0",
                          QueryName=night.chance.choice(SITES),
                          QueryResults=night.chance.choice(SERVICES) + ";")
        elif kind < 0.86:
            night.windows(t, pc.name, SYSMON, 3, Image=CHROME, User=user, Protocol="tcp",
                          Initiated="true", SourceIp=pc.ip, SourcePort=str(night.port()),
                          DestinationIp=night.chance.choice(SERVICES), DestinationPort="443")
        elif kind < 0.94:
            night.windows(
                t, pc.name, SYSMON, 11, Image=CHROME, User=user,
                TargetFilename=home + "\\Downloads\\" + night.chance.choice(papers["WINWORD.EXE"]))
        else:
            night.windows(
                t, pc.name, SYSMON, 13, EventType="SetValue", Image=EXPLORER, User=user,
                TargetObject="HKU\\S-1-5-21-1004-1105\\Software\\Microsoft\\Windows\\"
                "CurrentVersion\\Explorer\\RecentDocs\\MRUListEx", Details="Binary Data")
        if night.chance.random() < 0.05:
            if night.chance.random() < 0.4:
                night.logon(t + 20, pc.name, 4625, pc.users[0], DOMAIN[pc.unit], 7,
                            Status="0xc000006d", SubStatus="0xc000006a")
            night.logon(t + 30, pc.name, 4624, pc.users[0], DOMAIN[pc.unit], 7)


def remote_desktops(night):
    for t in moments(night, 3):
        server = night.chance.choice(SERVERS)
        night.logon(t, server.name, 4624, "quantri", "TTDL", 10, HOSTS["TTDL-PC01"].ip, "TTDL-PC01")
        night.windows(t, server.name, "Security", 4672, SubjectUserName="quantri",
                      SubjectDomainName="TTDL", EventType="AUDIT_SUCCESS",
                      PrivilegeList="SeBackupPrivilege SeDebugPrivilege",
                      Message="Special privileges assigned to new logon.")
        night.logon(t + night.chance.randint(300, 1500), server.name, 4634, "quantri", "TTDL", 10)


def fill(night):
    for source in (cron, backup, administrators, knocks_at_ssh, visitors, crawlers, health,
                   stray_requests, offices, hospital, names, machines, web_sessions,
                   knocks_at_firewall, file_servers, domain, services, desks, remote_desktops):
        source(night)
