#include "store/memory/value_bytes.h"

#include <bit>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include "store/bytes.h"

namespace gac::store {

using event::Type;
using event::ValueRef;

namespace {

bool lies_in(std::string_view part, std::string_view whole) {
    const std::less_equal<const char*> not_after;
    return !part.empty() && !whole.empty() && not_after(whole.data(), part.data())
           && not_after(part.data() + part.size(), whole.data() + whole.size());
}

ValueRef read_list(base::Reader& in, std::string_view raw, base::Arena& arena, int depth) {
    const std::uint64_t count = in.read_varint();
    if (count > in.left()) {  // every element takes a byte at least
        in.skip(std::numeric_limits<std::size_t>::max());
        return {};
    }
    auto* elements =
        static_cast<ValueRef*>(arena.allocate(count * sizeof(ValueRef), alignof(ValueRef)));
    for (std::uint64_t i = 0; i < count; ++i) {
        new (elements + i) ValueRef(read_value(in, raw, arena, depth + 1));
    }
    return ValueRef(std::span<const ValueRef>(elements, count));
}

}  // namespace

bool put_short_value(char*& to, const ValueRef& value, std::string_view raw) {
    const auto put_code = [&](TypeCode code, std::uint8_t flag) {
        *to++ = static_cast<char>(static_cast<std::uint8_t>(code) | flag);
    };
    switch (value.type()) {
        case Type::String: {
            const std::string_view text = value.string();
            if (!lies_in(text, raw)) {
                return false;
            }
            put_code(TypeCode::String, kInRaw);
            to = put_varint(to, static_cast<std::uint64_t>(text.data() - raw.data()));
            to = put_varint(to, text.size());
            return true;
        }
        case Type::Integer:
            put_code(TypeCode::Integer, 0);
            to = put_varint(to, zigzag(value.integer()));
            return true;
        case Type::Ip:
            put_code(TypeCode::Ip, 0);
            std::memcpy(to, value.ip().bytes.data(), sizeof value.ip().bytes);
            to += sizeof value.ip().bytes;
            return true;
        default:
            return false;
    }
}

void put_value(std::string& out, const ValueRef& value, std::string_view raw, int depth) {
    if (value.type() == Type::List && depth >= kListDepthMax) {
        put(out, std::uint8_t{0});
        return;
    }
    const auto code = static_cast<std::uint8_t>(code_of(value.type()));
    switch (value.type()) {
        case Type::Null:
            put(out, code);
            return;
        case Type::String: {
            const std::string_view text = value.string();
            if (lies_in(text, raw)) {
                put(out, static_cast<std::uint8_t>(code | kInRaw));
                put_varint(out, static_cast<std::uint64_t>(text.data() - raw.data()));
                put_varint(out, text.size());
            } else {
                put(out, code);
                put_text(out, text);
            }
            return;
        }
        case Type::Integer:
            put(out, code);
            put_varint(out, zigzag(value.integer()));
            return;
        case Type::Time:
            put(out, code);
            put_varint(out, zigzag(value.time().us));
            return;
        case Type::Float:
            put(out, code);
            put(out, std::bit_cast<std::uint64_t>(value.number()));
            return;
        case Type::Bool:
            put(out, code);
            put(out, static_cast<std::uint8_t>(value.truth() ? 1 : 0));
            return;
        case Type::Ip:
            put(out, code);
            out.append(reinterpret_cast<const char*>(value.ip().bytes.data()),
                       value.ip().bytes.size());
            return;
        case Type::List:
            put(out, code);
            put_varint(out, value.list().size());
            for (const ValueRef& element : value.list()) {
                put_value(out, element, raw, depth + 1);
            }
            return;
    }
}

ValueRef read_value(base::Reader& in, std::string_view raw, base::Arena& arena, int depth) {
    const auto bad = [&] {
        in.skip(std::numeric_limits<std::size_t>::max());  // sets failed()
        return ValueRef();
    };
    const auto code = in.read<std::uint8_t>();
    switch (static_cast<TypeCode>(code & ~kInRaw)) {
        case TypeCode::Null:
            return {};
        case TypeCode::String: {
            if ((code & kInRaw) == 0) {
                return ValueRef(read_text(in));
            }
            const std::uint64_t at = in.read_varint();
            const std::uint64_t size = in.read_varint();
            if (at > raw.size() || size > raw.size() - at) {
                return bad();
            }
            return ValueRef(raw.substr(at, size));
        }
        case TypeCode::Integer:
            return ValueRef(unzigzag(in.read_varint()));
        case TypeCode::Time:
            return ValueRef(base::TimePoint{unzigzag(in.read_varint())});
        case TypeCode::Float:
            return ValueRef(std::bit_cast<double>(in.read<std::uint64_t>()));
        case TypeCode::Bool:
            return ValueRef(in.read<std::uint8_t>() != 0);
        case TypeCode::Ip: {
            const std::string_view bytes = in.take(sizeof(base::IpAddress));
            static_assert(alignof(base::IpAddress) == 1);
            return in.failed() ? ValueRef()
                               : ValueRef(reinterpret_cast<const base::IpAddress*>(bytes.data()));
        }
        case TypeCode::List:
            return depth >= kListDepthMax ? bad() : read_list(in, raw, arena, depth);
    }
    return bad();
}

}  // namespace gac::store
