// Conditions from strangers: parsing never crashes, and a tree that comes out names only known
// selections.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "detect/sigma/condition.h"

namespace {

void check(const gac::detect::sigma::Expr& expr) {
    using gac::detect::sigma::Expr;
    if (expr.kind == Expr::Kind::Item) {
        GAC_ASSERT(expr.item < 4);
    }
    if (expr.kind == Expr::Kind::Not) {
        GAC_ASSERT(expr.children.size() == 1);
    }
    if (expr.kind == Expr::Kind::AtLeast) {
        GAC_ASSERT(expr.need > 1 && expr.need < expr.children.size());
    }
    for (const Expr& child : expr.children) {
        check(child);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gac::detect::sigma;
    Selections selections;
    for (const char* name : {"selection", "sel-2", "_hidden", "filter_main_x"}) {
        selections.emplace_back(name, Expr::leaf(static_cast<std::uint32_t>(selections.size())));
    }
    const auto expr = parse_condition({reinterpret_cast<const char*>(data), size}, selections, 64);
    if (expr) {
        check(*expr);
    }
    return 0;
}
