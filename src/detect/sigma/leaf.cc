#include "detect/sigma/leaf.h"

#include <algorithm>
#include <functional>

#include "base/text.h"

namespace gac::detect::sigma {

namespace {

float cost_of(const LeafTest& test) {
    switch (test.test->kind) {
        case TestKind::Text:
            return test.way == LeafTest::Way::Contains ? 4.0F
                   : test.way == LeafTest::Way::Other  ? 8.0F
                                                       : 1.0F;
        case TestKind::Regex:
            return 60;
        case TestKind::Cidr:
        case TestKind::TimePart:
            return 20;
        case TestKind::FieldRef:
            return 10;
        default:
            return 2;
    }
}

// What many events hold: a test for a part of these wakes its rule too often.
constexpr std::string_view kOrdinary[] = {
    "c:\\windows\\system32\\svchost.exe",
    "c:\\windows\\system32\\services.exe",
    "c:\\windows\\system32\\windowspowershell\\v1.0\\powershell.exe",
    "c:\\windows\\system32\\cmd.exe",
    "c:\\windows\\explorer.exe",
    "c:\\windows\\sysmon64.exe",
    "c:\\program files (x86)\\",
    "c:\\programdata\\",
    "\\software\\microsoft\\windows\\currentversion\\explorer",
    "\\software\\microsoft\\windows nt\\currentversion\\",
    "\\software\\classes\\",
    "hklm\\system\\currentcontrolset\\services\\",
    "\\registry\\machine\\system\\controlset001\\control\\lsa",
    "\\software\\policies\\microsoft\\",
    "c:\\users\\public\\appdata\\local\\temp\\",
    "dword (0x00000000)",
    "dword (0x00000001)",
    "nt authority\\system",
    "0x1000",
    "0x1400",
    "0x1410",
    "0x1fffff",
    ".exe",
    ".dll",
    "true",
    "false",
    "valid",
    "get",
    "post",
    "200",
};

bool is_ordinary(const LeafTest& test) {
    switch (test.way) {
        case LeafTest::Way::Equals:
            return std::ranges::find(kOrdinary, test.literal) != std::end(kOrdinary);
        case LeafTest::Way::Other:
            return false;
        default:
            return std::ranges::any_of(
                kOrdinary, [&](std::string_view text) { return text.contains(test.literal); });
    }
}

}  // namespace

LeafTest::LeafTest(const Test& of) : test(&of), cased(of.cased) {
    if (of.kind != TestKind::Text) {
        return;
    }
    const Pattern::Kind kind = of.pattern.kind();
    literal = of.pattern.key();
    key = literal;
    switch (kind) {
        case Pattern::Kind::Equals:
            way = Way::Equals;
            break;
        case Pattern::Kind::StartsWith:
            way = Way::StartsWith;
            break;
        case Pattern::Kind::EndsWith:
            way = Way::EndsWith;
            break;
        case Pattern::Kind::Contains:
            way = Way::Contains;
            break;
        case Pattern::Kind::Anything:
        case Pattern::Kind::Wildcard:
            break;
    }
    ordinary = is_ordinary(*this);
    likeness = std::hash<std::string_view>{}(literal) * 8 + static_cast<std::uint64_t>(kind);
}

Leaf::Leaf(Item of) : item(std::move(of)) {
    tests.reserve(item.any.size());
    for (const Test& test : item.any) {
        null = null || test.kind == TestKind::Null;
        exists = exists || (test.kind == TestKind::Exists && test.truth);
        missing = missing || (test.kind == TestKind::Exists && !test.truth);
        relation = relation || test.kind == TestKind::FieldRef;
        LeafTest& added = tests.emplace_back(test);
        if (test.cased) {
            added.key = folded_.emplace_back(base::fold_case(added.literal));
        }
        cost += cost_of(added);
    }
}

}  // namespace gac::detect::sigma
