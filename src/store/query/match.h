// Does a value pass a test? One meaning for rows in memory and for encoded columns. A Matcher is
// made once per query and thread; it keeps scratch memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "event/value.h"
#include "store/query/tree.h"

namespace gac::store::query {

// A byte of a word: letters, digits and everything beyond ASCII. Texts are cut in words where a
// byte is none; for search that is done after folding.
inline bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || static_cast<unsigned char>(c) >= 0x80;
}

// Does the test ask for one value, as a whole?
inline bool is_equality(const Test& test) {
    return test.relation == Relation::Is && !test.is_network && !test.pattern.contains(kAnyMark)
           && !test.pattern.contains(kOneMark);
}

// Text with '*' (any characters) and '?' (one character), compared without regard to case; marks of
// Vietnamese count only when quoted. `anywhere`: the pattern may match a part of the text, but
// where it begins (ends) with a byte of a word, a word of the text must begin (end).
class Pattern {
public:
    Pattern() = default;
    Pattern(const Test& test, bool anywhere);

    bool matches(std::string_view text);
    // The literal that a matching ASCII text must contain, folded; empty when there is none worth
    // looking for.
    const std::string& literal() const { return literal_; }
    // Does a hit from `begin` to `end` of an ASCII text stand between the borders of words that
    // this pattern asks for?
    bool bordered(std::string_view text, std::size_t begin, std::size_t end) const {
        return (!word_begin_ || begin == 0 || !is_word_byte(text[begin - 1]))
               && (!word_end_ || end == text.size() || !is_word_byte(text[end]));
    }
    // A search for that literal anywhere and nothing more, in ASCII texts.
    bool is_literal_search() const {
        return anywhere_ && ascii_ && pieces_.size() == 1 && !literal_.empty()
               && literal_.size() == pieces_.front().size();
    }

private:
    bool matches_folded(std::string_view text) const;

    // Folded literal pieces between stars; '?' stands as kOneMark inside them.
    std::vector<std::string> pieces_;
    std::string literal_;
    std::string scratch_;
    bool anywhere_ = false;
    bool open_begin_ = false;  // begins with a star
    bool open_end_ = false;
    bool word_begin_ = false;  // the match must begin where a word does
    bool word_end_ = false;
    bool keep_marks_ = false;
    bool ascii_ = true;  // the pattern itself
};

class Matcher {
public:
    Matcher(const Test& test, bool anywhere)
        : test_(test), anywhere_(anywhere), pattern_(test, anywhere) {}

    // Any element of a list. Null passes nothing.
    bool matches(const event::ValueRef& value);
    bool exists_only() const { return test_.relation == Relation::Exists; }
    bool is_anywhere() const { return anywhere_; }  // parts of texts pass, too
    const Test& test() const { return test_; }
    Pattern& pattern() { return pattern_; }

private:
    bool is(const event::ValueRef& value);
    bool compares(const event::ValueRef& value) const;
    bool is_text(std::string_view text);

    Test test_;
    bool anywhere_;
    Pattern pattern_;
    std::string scratch_;
};

// First place of a folded ASCII `needle` in `text` from `from` on, ignoring ASCII case; npos when
// there is none.
std::size_t find_ignoring_case(std::string_view text, std::string_view needle, std::size_t from);
bool is_ascii(std::string_view text);

}  // namespace gac::store::query
