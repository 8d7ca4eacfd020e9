"""The night: a clock, a source of chance, and one list of lines for each log file."""

import hashlib
import json
import random
from datetime import datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=7))
START = datetime(2026, 11, 21, 18, 0, 0, tzinfo=ZONE)
SECONDS = 12 * 3600
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
DEFENDER = "Microsoft-Windows-Windows Defender/Operational"
PROVIDERS = {
    "Security": "Microsoft-Windows-Security-Auditing",
    "System": "Service Control Manager",
    SYSMON: "Microsoft-Windows-Sysmon",
    POWERSHELL: "Microsoft-Windows-PowerShell",
    DEFENDER: "Microsoft-Windows-Windows Defender",
}


def at(clock):
    """Seconds since the start of the night for a wall clock "HH:MM" or "HH:MM:SS"."""
    parts = [int(p) for p in clock.split(":")] + [0]
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2] - START.hour * 3600
    return seconds if seconds >= 0 else seconds + 86400


class Night:
    """Lines are added in any order; `lines(file)` gives them in the order of time."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self._files = {name: [] for name in ("auth", "web", "firewall", "windows")}
        self._pid = 1200

    def _add(self, file, t, line):
        if 0 <= t < SECONDS:
            self._files[file].append((int(t), len(self._files[file]), line))

    def lines(self, file):
        """The finished lines. Windows events get their record numbers here, host by host."""
        ordered = [line for _, _, line in sorted(self._files[file], key=lambda row: row[:2])]
        if file != "windows":
            return ordered
        numbers, out = {}, []
        for event in ordered:
            host = event["Hostname"]
            numbers[host] = numbers.get(host, 51000) + 1
            out.append(json.dumps(event | {"RecordNumber": numbers[host]}, ensure_ascii=False))
        return out

    def pid(self):
        self._pid += self.chance.randint(1, 9)
        if self._pid > 60000:
            self._pid = 1200
        return self._pid

    def port(self):
        return self.chance.randint(32768, 60999)

    @staticmethod
    def when(t):
        return START + timedelta(seconds=int(t))

    def stamp(self, t):
        w = self.when(t)
        return f"{MONTHS[w.month - 1]} {w.day:2d} {w:%H:%M:%S}"

    # -- auth.log: what rsyslog writes for sshd, sudo, PAM, cron, useradd

    def auth(self, t, host, program, message, pid=None):
        tag = program if pid is None else f"{program}[{pid}]"
        self._add("auth", t, f"{self.stamp(t)} {host} {tag}: {message}")

    def sudo(self, t, host, user, command, folder=None, trouble="", tty="pts/0", target="root"):
        self.auth(
            t, host, "sudo", f"{user:>8} : {trouble}TTY={tty} ; PWD={folder or '/home/' + user}"
            f" ; USER={target} ; COMMAND={command}")
        if not trouble:
            self.auth(
                t, host, "sudo", "pam_unix(sudo:session): session opened for user "
                f"{target}(uid=0) by {user}(uid=1001)")
            self.auth(t + self.chance.randint(0, 3), host, "sudo",
                      f"pam_unix(sudo:session): session closed for user {target}")

    def ssh_failure(self, t, host, user, ip, known):
        pid, port = self.pid(), self.port()
        if known:
            self.auth(
                t, host, "sshd", "pam_unix(sshd:auth): authentication failure; logname= uid=0 "
                f"euid=0 tty=ssh ruser= rhost={ip}  user={user}", pid)
            self.auth(t + 2, host, "sshd", f"Failed password for {user} from {ip} port {port} ssh2",
                      pid)
        else:
            self.auth(t, host, "sshd", f"Invalid user {user} from {ip} port {port}", pid)
            self.auth(t, host, "sshd", "pam_unix(sshd:auth): check pass; user unknown", pid)
            self.auth(t + 2, host, "sshd",
                      f"Failed password for invalid user {user} from {ip} port {port} ssh2", pid)
        who = f"authenticating user {user}" if known else f"invalid user {user}"
        self.auth(t + 3, host, "sshd", f"Connection closed by {who} {ip} port {port} [preauth]",
                  pid)

    def ssh_session(self, t, host, user, ip, method, seconds):
        pid, port = self.pid(), self.port()
        proof = "" if method == "password" else \
            ": ED25519 SHA256:" + hashlib.sha256(user.encode()).hexdigest()[:43]
        self.auth(t, host, "sshd",
                  f"Accepted {method} for {user} from {ip} port {port} ssh2{proof}", pid)
        self.auth(
            t, host, "sshd", f"pam_unix(sshd:session): session opened for user {user}(uid="
            f"{0 if user == 'root' else 1001}) by (uid=0)", pid)
        number = self.chance.randint(100, 9999)
        self.auth(t, host, "systemd-logind", f"New session {number} of user {user}.", 612)
        end = t + seconds
        self.auth(end, host, "sshd",
                  f"Received disconnect from {ip} port {port}:11: disconnected by"
                  " user", pid)
        self.auth(end, host, "sshd", f"pam_unix(sshd:session): session closed for user {user}", pid)
        self.auth(end, host, "systemd-logind",
                  f"Session {number} logged out. Waiting for processes "
                  "to exit.", 612)

    # -- web.log: combined format

    def web(self, t, ip, request, status, size, agent, referrer="-", method="GET", user="-"):
        w = self.when(t)
        self._add(
            "web", t, f"{ip} - {user} [{w.day:02d}/{MONTHS[w.month - 1]}/{w.year}:{w:%H:%M:%S} "
            f'+0700] "{method} {request} HTTP/1.1" {status} {size} "{referrer}" "{agent}"')

    # -- firewall.log: key=value behind a syslog head

    def firewall(self, t, pairs):
        w = self.when(t)
        self._add(
            "firewall", t, f"<189>{self.stamp(t)} FW-TINHMAU date={w:%Y-%m-%d} time={w:%H:%M:%S} "
            f'devname="FW-TINHMAU" devid="FG200F0000000001" tz="+0700" {pairs}')

    def traffic(self, t, source, target, port, service, action="close", proto=6, sent=None,
                received=None, seconds=None):
        if action == "deny":
            sent = received = seconds = 0
        sent = self.chance.randint(600, 9000) if sent is None else sent
        received = self.chance.randint(900, 90000) if received is None else received
        seconds = self.chance.randint(1, 180) if seconds is None else seconds
        inward = not source.startswith("192.0.2.")
        zones = ("wan1", "dmz") if inward else ("lan",
                                                "lan" if target.startswith("192.0.2.") else "wan1")
        self.firewall(
            t, f'logid="0000000013" type="traffic" subtype="forward" level="notice" '
            f"srcip={source} srcport={self.port()} "
            f'srcintf="{zones[0]}" dstip={target} dstport={port} dstintf="{zones[1]}" '
            f'proto={proto} action="{action}" policyid={0 if action == "deny" else 12} '
            f'service="{service}" duration={seconds} sentbyte={sent} rcvdbyte={received}')

    # -- windows.ndjson: what NXLog writes, one flat object a line

    def windows(self, t, host, channel, event, **fields):
        head = {
            "EventTime": f"{self.when(t):%Y-%m-%d %H:%M:%S}", "Hostname": host, "Channel": channel,
            "EventID": event, "SourceName": fields.pop("SourceName",
                                                       PROVIDERS[channel]), "RecordNumber": 0
        }
        self._add("windows", t, head | fields)

    def process(self, t, host, user, image, command, parent, parent_command=None, level="Medium"):
        self.windows(t, host, SYSMON, 1, Image=image, CommandLine=command, User=user,
                     ProcessId=str(self.pid()), IntegrityLevel=level,
                     Hashes="SHA256=" + hashlib.sha256(image.lower().encode()).hexdigest().upper(),
                     ParentImage=parent, ParentCommandLine=parent_command or f'"{parent}"')

    def logon(self, t, host, event, user, domain, kind, ip="-", workstation="-", **fields):
        text = {
            4624: "An account was successfully logged on.", 4634: "An account was logged off.",
            4625: "An account failed to log on."
        }[event]
        if event != 4634:
            fields |= {
                "IpAddress": ip, "IpPort": str(self.port()) if ip != "-" else "-",
                "WorkstationName": workstation, "LogonProcessName":
                "User32" if kind in (2, 7, 10) else "Kerberos", "AuthenticationPackageName":
                "Negotiate" if kind in (2, 7, 10) else "Kerberos"
            }
        self.windows(t, host, "Security", event, TargetUserName=user, TargetDomainName=domain,
                     LogonType=str(kind), TargetLogonId=hex(self.chance.randint(1 << 18, 1 << 30)),
                     EventType="AUDIT_FAILURE" if event == 4625 else "AUDIT_SUCCESS", Message=text,
                     **fields)
