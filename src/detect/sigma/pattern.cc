#include "detect/sigma/pattern.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace gac::detect::sigma {

using PieceKind = Pattern::Piece::Kind;

Pattern Pattern::parse(std::string_view written) {
    Pattern out;
    std::string literal;
    const auto flush = [&] {
        out.add_literal(literal);
        literal.clear();
    };
    for (std::size_t i = 0; i < written.size(); ++i) {
        const char c = written[i];
        if (c == '\\' && i + 1 < written.size()
            && (written[i + 1] == '*' || written[i + 1] == '?' || written[i + 1] == '\\')) {
            literal.push_back(written[++i]);
        } else if (c == '*') {
            flush();
            out.add_any_run();
        } else if (c == '?') {
            flush();
            out.add_one_sign();
        } else {
            literal.push_back(c);
        }
    }
    flush();
    return out;
}

Pattern Pattern::literal(std::string_view text) {
    Pattern out;
    out.add_literal(text);
    return out;
}

void Pattern::add_literal(std::string_view text) {
    if (text.empty()) {
        return;
    }
    if (!pieces_.empty() && pieces_.back().kind == PieceKind::Literal) {
        pieces_.back().text.append(text);
    } else {
        pieces_.push_back({PieceKind::Literal, std::string(text)});
    }
}

void Pattern::add_any_run() {
    if (pieces_.empty() || pieces_.back().kind != PieceKind::AnyRun) {
        pieces_.push_back({PieceKind::AnyRun, {}});
    }
}

void Pattern::add_one_sign() {
    // "*?" is written "?*", so that a run always stands before a literal or the end.
    const bool after_run = !pieces_.empty() && pieces_.back().kind == PieceKind::AnyRun;
    pieces_.insert(after_run ? pieces_.end() - 1 : pieces_.end(), {PieceKind::OneSign, {}});
}

void Pattern::any_run_before() {
    // The same order of "?*" at the front.
    auto at = pieces_.begin();
    while (at != pieces_.end() && at->kind == PieceKind::OneSign) {
        ++at;
    }
    if (at == pieces_.end() || at->kind != PieceKind::AnyRun) {
        pieces_.insert(at, {PieceKind::AnyRun, {}});
    }
}

bool Pattern::has_wildcard() const {
    return std::ranges::any_of(pieces_,
                               [](const Piece& p) { return p.kind != PieceKind::Literal; });
}

Pattern::Kind Pattern::kind() const {
    const auto is = [&](std::initializer_list<PieceKind> kinds) {
        return std::ranges::equal(pieces_, kinds, {}, &Piece::kind);
    };
    if (pieces_.empty() || is({PieceKind::Literal})) {
        return Kind::Equals;
    }
    if (is({PieceKind::AnyRun})) {
        return Kind::Anything;
    }
    if (is({PieceKind::Literal, PieceKind::AnyRun})) {
        return Kind::StartsWith;
    }
    if (is({PieceKind::AnyRun, PieceKind::Literal})) {
        return Kind::EndsWith;
    }
    if (is({PieceKind::AnyRun, PieceKind::Literal, PieceKind::AnyRun})) {
        return Kind::Contains;
    }
    return Kind::Wildcard;
}

std::string_view Pattern::key() const {
    std::string_view longest;
    for (const Piece& piece : pieces_) {
        if (piece.kind == PieceKind::Literal && piece.text.size() > longest.size()) {
            longest = piece.text;
        }
    }
    return longest;
}

Pattern Pattern::folded() const {
    Pattern out = *this;
    for (Piece& piece : out.pieces_) {
        piece.text = base::fold_case(piece.text);
    }
    return out;
}

bool Pattern::matches(std::string_view text) const {
    constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    std::size_t piece = 0;
    std::size_t at = 0;
    std::size_t run = kNone;  // last AnyRun passed, and where its run ends so far
    std::size_t run_end = 0;
    for (;;) {
        bool ok = false;
        if (piece == pieces_.size()) {
            if (at == text.size()) {
                return true;
            }
            // A literal at the end after a run can only stand at the very end of the text.
            if (run != kNone && piece == run + 2) {
                const std::string& tail = pieces_[run + 1].text;
                return pieces_[run + 1].kind == PieceKind::Literal
                       && text.size() - run_end >= tail.size() && text.ends_with(tail);
            }
        } else {
            const Piece& p = pieces_[piece];
            switch (p.kind) {
                case PieceKind::AnyRun:
                    if (piece + 1 == pieces_.size()) {
                        return true;
                    }
                    run = piece++;
                    run_end = at;
                    ok = true;
                    break;
                case PieceKind::OneSign:
                    if (at < text.size()) {
                        at += base::code_point_length(text, at);
                        ++piece;
                        ok = true;
                    }
                    break;
                case PieceKind::Literal:
                    if (run != kNone && piece == run + 1) {
                        // Right after a run: jump to the next place where it stands.
                        const std::size_t found = text.find(p.text, at);
                        if (found == std::string_view::npos) {
                            return false;
                        }
                        run_end = found;
                        at = found + p.text.size();
                        ++piece;
                        ok = true;
                    } else if (text.substr(at).starts_with(p.text)) {
                        at += p.text.size();
                        ++piece;
                        ok = true;
                    }
                    break;
            }
        }
        if (!ok) {
            if (run == kNone || run_end >= text.size()) {
                return false;
            }
            run_end += base::code_point_length(text, run_end);
            at = run_end;
            piece = run + 1;
        }
    }
}

std::string Pattern::text() const {
    std::string out;
    for (const Piece& piece : pieces_) {
        if (piece.kind == PieceKind::AnyRun) {
            out.push_back('*');
        } else if (piece.kind == PieceKind::OneSign) {
            out.push_back('?');
        } else {
            for (const char c : piece.text) {
                if (c == '*' || c == '?' || c == '\\') {
                    out.push_back('\\');
                }
                out.push_back(c);
            }
        }
    }
    return out;
}

}  // namespace gac::detect::sigma
