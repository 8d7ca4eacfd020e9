#include "app/generator.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace gac::app {

namespace {

constexpr std::int64_t kStepUs = 1500;  // mean distance between two lines

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 12> kPaths = {
    "/",          "/dich-vu-cong",   "/dich-vu-cong/tra-cuu", "/tin-tuc/chi-tiet",
    "/api/ho-so", "/assets/app.js",  "/assets/style.css",     "/images/logo.png",
    "/dang-nhap", "/van-ban/tai-ve", "/lich-tiep-dan",        "/favicon.ico"};
constexpr std::array<std::string_view, 5> kAgents = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 "
    "Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
    "monitoring-check/2.4"};
constexpr std::array<std::string_view, 8> kServices = {"HTTPS", "HTTP", "DNS", "SSH",
                                                       "SMTP",  "NTP",  "RDP", "SMB"};
constexpr std::array<int, 8> kServicePorts = {443, 80, 53, 22, 25, 123, 3389, 445};
constexpr std::array<std::string_view, 6> kPrograms = {
    R"(C:\\Windows\\System32\\svchost.exe)",
    R"(C:\\Windows\\explorer.exe)",
    R"(C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE)",
    R"(C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe)",
    R"(C:\\Windows\\System32\\taskhostw.exe)",
    R"(C:\\Windows\\System32\\conhost.exe)"};
constexpr std::array<std::string_view, 6> kUnits = {"SYT", "STC", "VP", "TTDL", "BVT", "XM07"};
constexpr std::array<std::string_view, 8> kUsers = {"vanthu", "ketoan",  "quantri", "giamdoc",
                                                    "canbo",  "trucban", "backup",  "tiepdan"};

}  // namespace

Result<Generator> Generator::make(std::string_view mix, std::uint64_t seed, base::TimePoint start) {
    Generator generator;
    generator.state_ = seed * 0x9E3779B97F4A7C15ull + 1;
    generator.now_ = start;
    const struct {
        std::string_view name;
        std::vector<Kind> kinds;
    } mixes[] = {{"sshd", {&Generator::sshd}},
                 {"linux", {&Generator::linux_line}},
                 {"web", {&Generator::web}},
                 {"firewall", {&Generator::firewall}},
                 {"windows", {&Generator::windows}},
                 {"apache", {&Generator::apache_error}},
                 {"hdfs", {&Generator::hdfs}},
                 {"province",
                  {&Generator::sshd, &Generator::linux_line, &Generator::apache_error,
                   &Generator::hdfs, &Generator::web, &Generator::web, &Generator::firewall,
                   &Generator::firewall, &Generator::firewall, &Generator::windows}}};
    const auto* found =
        std::ranges::find(mixes, mix, &std::remove_reference_t<decltype(mixes[0])>::name);
    if (found == std::end(mixes)) {
        return fail(Code::InvalidArgument,
                    fmt::format("no mix \"{}\"; there are: {}", mix, Generator::mixes()), "--mix");
    }
    generator.kinds_ = found->kinds;
    return generator;
}

// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t Generator::next() {
    state_ += 0x9E3779B97F4A7C15ull;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

std::uint64_t Generator::below(std::uint64_t bound) { return next() % bound; }

// 50,000 addresses out of 198.18.0.0/15, the low ones far more often.
void Generator::address(std::string& out) {
    const std::uint64_t pick = std::min(below(50'000), below(50'000));
    fmt::format_to(std::back_inserter(out), "198.{}.{}.{}", 18 + (pick >> 16), (pick >> 8) & 255,
                   pick & 255);
}

void Generator::host(std::string& out) {
    fmt::format_to(std::back_inserter(out), "{}-SRV{:02}", kUnits[below(kUnits.size())],
                   below(40) + 1);
}

void Generator::user(std::string& out) {
    fmt::format_to(std::back_inserter(out), "{}{:02}", kUsers[below(kUsers.size())], below(60));
}

void Generator::syslog_head(std::string& out, int priority, std::string_view tag) {
    const base::CivilTime t = base::to_civil(now_ + base::Duration::hours(7));
    fmt::format_to(std::back_inserter(out), "<{}>{} {:2} {:02}:{:02}:{:02} ", priority,
                   kMonths[static_cast<std::size_t>(t.month - 1)], t.day, t.hour, t.minute,
                   t.second);
    host(out);
    fmt::format_to(std::back_inserter(out), " {}[{}]: ", tag, 300 + below(32'000));
}

void Generator::sshd(std::string& out) {
    syslog_head(out, 86, "sshd");
    const std::uint64_t kind = below(10);
    if (kind < 4) {
        out += "Accepted publickey for ";
        user(out);
        out += " from ";
        address(out);
        fmt::format_to(std::back_inserter(out), " port {} ssh2: ED25519 SHA256:{:016x}{:016x}",
                       1024 + below(64'000), next(), next());
    } else if (kind < 5) {
        out += "Failed password for ";
        user(out);
        out += " from ";
        address(out);
        fmt::format_to(std::back_inserter(out), " port {} ssh2", 1024 + below(64'000));
    } else if (kind < 8) {
        out += "pam_unix(sshd:session): session opened for user ";
        user(out);
        out += "(uid=1000) by (uid=0)";
    } else {
        out += "Disconnected from user ";
        user(out);
        out += ' ';
        address(out);
        fmt::format_to(std::back_inserter(out), " port {}", 1024 + below(64'000));
    }
}

void Generator::linux_line(std::string& out) {
    switch (below(4)) {
        case 0:
            syslog_head(out, 30, "systemd");
            fmt::format_to(std::back_inserter(out),
                           "Started session-{}.scope - Session {} of User ", below(90'000),
                           below(90'000));
            user(out);
            out += '.';
            break;
        case 1:
            syslog_head(out, 78, "CRON");
            out += "(root) CMD (/usr/local/bin/sao-luu --muc ";
            fmt::format_to(std::back_inserter(out), "{} --ngay {})", below(20), below(365));
            break;
        case 2:
            syslog_head(out, 4, "kernel");
            fmt::format_to(std::back_inserter(out),
                           "[{}.{:06}] eth0: link is up, 1000 Mbps, full duplex, flow {}",
                           below(9'000'000), below(1'000'000), below(2) == 0 ? "on" : "off");
            break;
        default:
            syslog_head(out, 85, "sudo");
            user(out);
            out +=
                " : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/usr/bin/systemctl status dich-vu-";
            fmt::format_to(std::back_inserter(out), "{}", below(50));
    }
}

void Generator::web(std::string& out) {
    address(out);
    const base::CivilTime t = base::to_civil(now_ + base::Duration::hours(7));
    const std::uint64_t roll = below(100);
    fmt::format_to(std::back_inserter(out),
                   R"( - - [{:02}/{}/{}:{:02}:{:02}:{:02} +0700] "{} {}?id={} HTTP/1.1" {} {} )",
                   t.day, kMonths[static_cast<std::size_t>(t.month - 1)], t.year, t.hour, t.minute,
                   t.second, roll < 85 ? "GET" : "POST", kPaths[below(kPaths.size())],
                   below(1'000'000), roll < 92 ? 200 : (roll < 96 ? 302 : (roll < 99 ? 304 : 404)),
                   below(60'000));
    fmt::format_to(std::back_inserter(out), R"("https://dichvucong.tinhmau.example/" "{}")",
                   kAgents[below(kAgents.size())]);
}

void Generator::apache_error(std::string& out) {
    // 1970-01-01 was a Thursday.
    constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun",
                                                       "Mon", "Tue", "Wed"};
    const base::TimePoint local = now_ + base::Duration::hours(7);
    const base::CivilTime t = base::to_civil(local);
    const auto day = static_cast<std::size_t>(local.us / 86'400'000'000 % 7);
    fmt::format_to(std::back_inserter(out), "[{} {} {:02} {:02}:{:02}:{:02} {}] ", kDays[day],
                   kMonths[static_cast<std::size_t>(t.month - 1)], t.day, t.hour, t.minute,
                   t.second, t.year);
    switch (below(3)) {
        case 0:
            fmt::format_to(std::back_inserter(out),
                           "[notice] jk2_init() Found child {} in scoreboard slot {}",
                           below(32'000), below(64));
            break;
        case 1:
            fmt::format_to(std::back_inserter(out),
                           "[error] mod_jk child workerEnv in error state {}", below(12));
            break;
        default:
            out += "[error] [client ";
            address(out);
            fmt::format_to(std::back_inserter(out), "] File does not exist: /var/www/html{}/{}",
                           kPaths[1 + below(kPaths.size() - 1)], below(1'000'000));
    }
}

// Blocks of a store like those of Hadoop's file system: long random numbers in few sentences.
void Generator::hdfs(std::string& out) {
    const base::CivilTime t = base::to_civil(now_ + base::Duration::hours(7));
    fmt::format_to(std::back_inserter(out), "{:02}{:02}{:02} {:02}{:02}{:02} {} INFO dfs.",
                   t.year % 100, t.month, t.day, t.hour, t.minute, t.second, below(30'000));
    const auto block = static_cast<std::int64_t>(next());
    switch (below(3)) {
        case 0:
            fmt::format_to(std::back_inserter(out),
                           "DataNode$PacketResponder: PacketResponder {} for block blk_{} "
                           "terminating",
                           below(3), block);
            break;
        case 1:
            out += "FSNamesystem: BLOCK* NameSystem.addStoredBlock: blockMap updated: ";
            address(out);
            fmt::format_to(std::back_inserter(out), ":50010 is added to blk_{} size {}", block,
                           below(67'108'865));
            break;
        default:
            fmt::format_to(std::back_inserter(out), "DataNode$DataXceiver: Receiving block blk_{} ",
                           block);
            out += "src: /";
            address(out);
            fmt::format_to(std::back_inserter(out), ":{} dest: /", 1024 + below(64'000));
            address(out);
            out += ":50010";
    }
}

void Generator::firewall(std::string& out) {
    const base::CivilTime t = base::to_civil(now_ + base::Duration::hours(7));
    const std::size_t service = below(kServices.size());
    fmt::format_to(std::back_inserter(out),
                   "date={:04}-{:02}-{:02} time={:02}:{:02}:{:02} tz=\"+0700\" devname=\"FW-{}\" "
                   "type=\"traffic\" "
                   "subtype=\"forward\" srcip=",
                   t.year, t.month, t.day, t.hour, t.minute, t.second,
                   kUnits[below(kUnits.size())]);
    address(out);
    fmt::format_to(std::back_inserter(out), " srcport={} dstip=", 1024 + below(64'000));
    address(out);
    fmt::format_to(
        std::back_inserter(out),
        " dstport={} proto=6 action=\"{}\" service=\"{}\" sentbyte={} rcvdbyte={} policyid={}",
        kServicePorts[service], below(30) == 0 ? "deny" : "accept", kServices[service],
        below(100'000), below(2'000'000), below(90));
}

void Generator::windows(std::string& out) {
    const base::CivilTime t = base::to_civil(now_ + base::Duration::hours(7));
    fmt::format_to(std::back_inserter(out),
                   R"({{"EventTime":"{:04}-{:02}-{:02} {:02}:{:02}:{:02}","Hostname":")", t.year,
                   t.month, t.day, t.hour, t.minute, t.second);
    host(out);
    if (below(3) == 0) {
        fmt::format_to(std::back_inserter(out),
                       R"(","Channel":"Security","EventID":4624,"TargetUserName":")");
        user(out);
        fmt::format_to(std::back_inserter(out), R"(","LogonType":"3","IpAddress":")");
        address(out);
        fmt::format_to(std::back_inserter(out),
                       R"(","IpPort":"{}","AuthenticationPackageName":"NTLM"}})",
                       1024 + below(64'000));
        return;
    }
    fmt::format_to(
        std::back_inserter(out),
        R"(","Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Image":"{}","CommandLine":"{} -n {}",)"
        R"("ParentImage":"C:\\Windows\\System32\\services.exe","ProcessId":"{}","User":"TINHMAU\\)",
        kPrograms[below(kPrograms.size())], kPrograms[below(kPrograms.size())], below(100'000),
        below(30'000));
    user(out);
    out += "\"}";
}

void Generator::append_line(std::string& out) {
    now_ = now_ + base::Duration{static_cast<std::int64_t>(below(2 * kStepUs))};
    (this->*kinds_[below(kinds_.size())])(out);
    out += '\n';
}

}  // namespace gac::app
