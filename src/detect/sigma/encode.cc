#include "detect/sigma/encode.h"

#include <array>
#include <cstdint>

#include "base/text.h"

namespace gac::detect::sigma {

std::string base64(std::string_view bytes) {
    static constexpr std::string_view kSigns =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t j = 0; j < 3; ++j) {
            group = group << 8
                    | (j < have ? static_cast<unsigned char>(bytes[i + j]) : std::uint32_t{0});
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out.push_back(j <= have ? kSigns[group >> (18 - 6 * j) & 63] : '=');
        }
    }
    return out;
}

std::string base64_at_offset(std::string_view bytes, std::size_t shift) {
    static constexpr std::array<std::size_t, 3> kStart = {0, 2, 3};
    static constexpr std::array<std::size_t, 3> kEnd = {0, 3, 2};
    const std::string whole = base64(std::string(shift, ' ').append(bytes));
    const std::size_t cut = kEnd[(bytes.size() + shift) % 3];
    const std::size_t start = kStart[shift];
    return whole.size() > start + cut ? whole.substr(start, whole.size() - start - cut)
                                      : std::string();
}

std::optional<std::string> utf16(std::string_view text, bool big_endian, bool byte_order_mark) {
    if (!base::is_utf8(text)) {
        return std::nullopt;
    }
    std::string out;
    const auto put = [&](std::uint32_t unit) {
        const char low = static_cast<char>(unit & 0xff);
        const char high = static_cast<char>(unit >> 8 & 0xff);
        out.push_back(big_endian ? high : low);
        out.push_back(big_endian ? low : high);
    };
    if (byte_order_mark) {
        put(0xFEFF);
    }
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = base::code_point_length(text, i);
        const auto byte = [&](std::size_t at) {
            return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
        };
        std::uint32_t c = byte(i);
        if (length > 1) {
            c &= 0xffu >> (length + 1);
            for (std::size_t j = 1; j < length; ++j) {
                c = c << 6 | (byte(i + j) & 0x3fu);
            }
        }
        if (c >= 0x10000) {
            put(0xD800 + ((c - 0x10000) >> 10));
            put(0xDC00 + ((c - 0x10000) & 0x3ff));
        } else {
            put(c);
        }
        i += length;
    }
    return out;
}

bool windash_forms(const Pattern& pattern, std::size_t forms_max, std::vector<Pattern>& out) {
    static constexpr std::array<std::string_view, 5> kDashes = {"-", "/", "\u2013", "\u2014",
                                                                "\u2015"};
    const auto is_word = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
               || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    };
    std::vector<Pattern> forms(1);
    for (const Pattern::Piece& piece : pattern.pieces()) {
        if (piece.kind != Pattern::Piece::Kind::Literal) {
            for (Pattern& form : forms) {
                piece.kind == Pattern::Piece::Kind::AnyRun ? form.add_any_run()
                                                           : form.add_one_sign();
            }
            continue;
        }
        std::size_t copied = 0;
        const std::string_view text = piece.text;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if ((text[i] != '-' && text[i] != '/') || (i > 0 && is_word(text[i - 1]))
                || i + 1 == text.size() || !is_word(text[i + 1])) {
                continue;
            }
            if (forms.size() * kDashes.size() > forms_max) {
                return false;
            }
            std::vector<Pattern> next;
            next.reserve(forms.size() * kDashes.size());
            for (const Pattern& form : forms) {
                for (const std::string_view dash : kDashes) {
                    Pattern longer = form;
                    longer.add_literal(text.substr(copied, i - copied));
                    longer.add_literal(dash);
                    next.push_back(std::move(longer));
                }
            }
            forms = std::move(next);
            copied = i + 1;
        }
        for (Pattern& form : forms) {
            form.add_literal(text.substr(copied));
        }
    }
    for (Pattern& form : forms) {
        out.push_back(std::move(form));
    }
    return true;
}

}  // namespace gac::detect::sigma
