#include "ingest/evtx/template_key.h"

#include "ingest/evtx/chunk_tree.h"

namespace gac::ingest::evtx {

namespace {

// The steps of the parser, without a tree: the same bytes are read at the same places.
class KeyMaker {
public:
    KeyMaker(std::string_view chunk, Cursor cursor, std::string& key)
        : chunk_(chunk), cursor_(cursor), key_(key) {}

    bool run() {
        std::size_t depth = 0;
        while (cursor_.has(1)) {
            std::uint8_t raw = 0;
            cursor_.read(raw);
            key_.push_back(static_cast<char>(raw));
            switch (static_cast<Token>(raw & 0x0f)) {
                case Token::End:
                    return depth == 0;
                case Token::Fragment:
                    if (depth != 0 || !skip(3)) {
                        return false;
                    }
                    break;
                case Token::OpenElement:
                    // u16 dependency, u32 bytes, name, [u32 bytes of the attributes, attributes]
                    if (!skip(6) || !name() || ((raw & 0x40) != 0 && !attributes())) {
                        return false;
                    }
                    if (!open(depth)) {
                        return false;
                    }
                    break;
                case Token::EndElement:
                    if (depth == 0) {
                        return false;
                    }
                    --depth;
                    break;
                case Token::Value:
                case Token::NormalSubstitution:
                case Token::OptionalSubstitution:
                    if (depth == 0 || !simple(static_cast<Token>(raw & 0x0f))) {
                        return false;
                    }
                    break;
                default:
                    return false;
            }
        }
        return depth == 0;
    }

private:
    bool skip(std::size_t bytes) {
        std::string_view skipped;
        return cursor_.take(bytes, skipped);
    }

    // The end of an element's head: "close start" or "close empty".
    bool open(std::size_t& depth) {
        std::uint8_t raw = 0;
        if (!cursor_.read(raw)) {
            return false;
        }
        key_.push_back(static_cast<char>(raw & 0x0f));
        if (static_cast<Token>(raw & 0x0f) == Token::CloseStart) {
            ++depth;
            return true;
        }
        return static_cast<Token>(raw & 0x0f) == Token::CloseEmpty;
    }

    bool attributes() {
        std::uint32_t bytes = 0;
        if (!cursor_.read(bytes) || !cursor_.has(bytes)) {
            return false;
        }
        while (cursor_.has(1)) {
            const auto raw = static_cast<std::uint8_t>(chunk_[cursor_.at]);
            const auto token = static_cast<Token>(raw & 0x0f);
            if (token == Token::CloseStart || token == Token::CloseEmpty) {
                return true;
            }
            ++cursor_.at;
            key_.push_back(static_cast<char>(token));
            if (token == Token::Attribute ? !name() : !simple(token)) {
                return false;
            }
        }
        return false;
    }

    bool simple(Token token) {
        if (token == Token::NormalSubstitution || token == Token::OptionalSubstitution) {
            std::string_view bytes;  // u16 number, u8 type
            if (!cursor_.take(3, bytes)) {
                return false;
            }
            key_.append(bytes);
            return true;
        }
        std::uint8_t type = 0;
        std::uint16_t signs = 0;
        std::string_view text;
        if (token != Token::Value || !cursor_.read(type)
            || type != static_cast<std::uint8_t>(ValueType::String) || !cursor_.read(signs)
            || !cursor_.take(std::size_t{signs} * 2, text)) {
            return false;
        }
        add_text(signs, text);
        return true;
    }

    bool name() {
        std::uint32_t offset = 0;
        if (!cursor_.read(offset) || offset > chunk_.size()) {
            return false;
        }
        Cursor at{chunk_, offset, chunk_.size()};
        std::uint16_t signs = 0;
        std::string_view text;
        if (!at.take(6, text) || !at.read(signs) || !at.take(std::size_t{signs} * 2, text)
            || !at.has(2)) {
            return false;
        }
        if (offset == cursor_.at) {
            cursor_.at = at.at + 2;
            if (cursor_.at > cursor_.end) {
                return false;
            }
        }
        add_text(signs, text);
        return true;
    }

    void add_text(std::uint16_t signs, std::string_view text) {
        key_.push_back(static_cast<char>(signs & 0xff));
        key_.push_back(static_cast<char>(signs >> 8));
        key_.append(text);
    }

    std::string_view chunk_;
    Cursor cursor_;
    std::string& key_;
};

}  // namespace

bool template_key(std::string_view chunk, std::uint32_t offset, std::string& key) {
    key.clear();
    // u32 next template, GUID, u32 bytes, then a fragment
    Cursor cursor{chunk, offset, chunk.size()};
    std::string_view skipped;
    std::uint32_t bytes = 0;
    if (offset > chunk.size() || !cursor.take(20, skipped) || !cursor.read(bytes)
        || !cursor.has(bytes)) {
        return false;
    }
    cursor.end = cursor.at + bytes;
    return KeyMaker(chunk, cursor, key).run();
}

}  // namespace gac::ingest::evtx
